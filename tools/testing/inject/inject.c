// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * inject.c - let one call of the VMM to the system or the C library fail
 *
 * The VMM is linked with this file and the linker's --wrap. A call is named by its
 * function, the place that it is made from, its number there, and the request of an
 * ioctl(). The order of threads therefore does not change the name of a call.
 *
 *	VMM_FAIL_LOG=FILE	append the name of each call to FILE
 *	VMM_FAIL_TIMES=N	but only the first N calls from one place
 *	VMM_FAIL=NAME		this call fails, and is "failed" in FILE
 *
 * Calls that cannot fail with valid arguments are not wrapped, such as close() of a file
 * that was read, sigaction() and clock_gettime().
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_PLACES	4096

extern const char __executable_start[];

static struct place {
	const char	*function;
	uintptr_t	address;
	unsigned long	request;
	unsigned int	calls;
} places[NR_PLACES];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *fails;
static unsigned int times = 1;
static int log_fd = -1;

__attribute__((__constructor__)) static void begin(void)
{
	const char *path = getenv("VMM_FAIL_LOG"), *n = getenv("VMM_FAIL_TIMES");

	fails = getenv("VMM_FAIL");
	if (n)
		times = (unsigned int)strtoul(n, NULL, 10);
	if (path)
		log_fd = (int)syscall(SYS_openat, AT_FDCWD, path,
				      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
				      0600);
}

/* The number of this call among those of its place, from 1 */
static unsigned int count(const char *function, uintptr_t address,
			  unsigned long request)
{
	unsigned int n = 0;
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < NR_PLACES && places[i].function; i++)
		if (places[i].address == address &&
		    places[i].request == request &&
		    !strcmp(places[i].function, function))
			break;
	if (i < NR_PLACES) {
		places[i].function = function;
		places[i].address = address;
		places[i].request = request;
		n = ++places[i].calls;
	}
	pthread_mutex_unlock(&lock);
	return n;
}

/* Whether a call fails */
static int is_failing(const char *function, const void *from,
		      unsigned long request)
{
	uintptr_t address = (uintptr_t)from - (uintptr_t)__executable_start;
	unsigned int n = count(function, address, request);
	int size, failing;
	char name[128];

	if (n > times)
		return 0;
	size = snprintf(name, sizeof(name), "%s-%lx-%lx-%u", function,
			(unsigned long)address, request, n);
	failing = fails && !strcmp(fails, name);
	if (failing)
		size = snprintf(name, sizeof(name), "failed");
	if (log_fd >= 0) {
		name[size++] = '\n';
		if (syscall(SYS_write, log_fd, name, size) != size)
			abort();
	}
	return failing;
}

#define HERE	__builtin_return_address(0)

/* A stream that had an error keeps it: glibc's bit for ferror() */
static size_t set_error(FILE *file)
{
	file->_flags |= 0x20;
	return 0;
}

/* WRAP(type, name, parameters, arguments, error) - a failed call returns @failure. */
#define WRAP(type, name, parameters, arguments, error, failure) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		if (!is_failing(#name, HERE, 0)) \
			return __real_##name arguments; \
		errno = error; \
		return failure; \
	}

WRAP(void *, malloc, (size_t size), (size), ENOMEM, NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), ENOMEM, NULL)
WRAP(void *, realloc, (void *old, size_t size), (old, size), ENOMEM, NULL)
WRAP(char *, strdup, (const char *text), (text), ENOMEM, NULL)
WRAP(int, posix_memalign, (void **to, size_t align, size_t size),
	(to, align, size), 0, ENOMEM)
WRAP(void *, mmap,
	(void *at, size_t size, int prot, int flags, int fd, off_t offset),
	(at, size, prot, flags, fd, offset), ENOMEM, MAP_FAILED)
WRAP(int, pthread_create,
	(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
	 void *arg),
	(thread, attr, run, arg), 0, EAGAIN)
WRAP(int, eventfd, (unsigned int value, int flags), (value, flags), EMFILE, -1)
WRAP(int, pipe, (int ends[2]), (ends), EMFILE, -1)
WRAP(int, dup, (int fd), (fd), EMFILE, -1)
WRAP(int, socket, (int domain, int type, int protocol),
	(domain, type, protocol), EMFILE, -1)
WRAP(int, bind, (int fd, const struct sockaddr *address, socklen_t size),
	(fd, address, size), EADDRINUSE, -1)
WRAP(int, listen, (int fd, int backlog), (fd, backlog), EADDRINUSE, -1)
WRAP(int, accept, (int fd, struct sockaddr *address, socklen_t *size),
	(fd, address, size), EMFILE, -1)
WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode), EMFILE,
	NULL)
WRAP(FILE *, fdopen, (int fd, const char *mode), (fd, mode), ENOMEM, NULL)
WRAP(size_t, fread, (void *to, size_t size, size_t n, FILE *file),
	(to, size, n, file), EIO, set_error(file))

/* A message on stderr does not fail: the VMM writes the reasons of others there. */
size_t __real_fwrite(const void *from, size_t size, size_t n, FILE *file);
size_t __wrap_fwrite(const void *from, size_t size, size_t n, FILE *file);
size_t __wrap_fwrite(const void *from, size_t size, size_t n, FILE *file)
{
	if (file == stderr || !is_failing("fwrite", HERE, 0))
		return __real_fwrite(from, size, n, file);
	errno = ENOSPC;
	return set_error(file);
}

WRAP(int, fflush, (FILE *file), (file), ENOSPC,
	(set_error(file), EOF))
WRAP(int, fseek, (FILE *file, long offset, int whence), (file, offset, whence),
	EIO, -1)
WRAP(long, ftell, (FILE *file), (file), EIO, -1)
WRAP(ssize_t, read, (int fd, void *to, size_t size), (fd, to, size), EIO, -1)
WRAP(ssize_t, write, (int fd, const void *from, size_t size), (fd, from, size),
	ENOSPC, -1)
WRAP(ssize_t, pread, (int fd, void *to, size_t size, off_t at),
	(fd, to, size, at), EIO, -1)
WRAP(ssize_t, pwrite, (int fd, const void *from, size_t size, off_t at),
	(fd, from, size, at), ENOSPC, -1)
WRAP(int, fdatasync, (int fd), (fd), EIO, -1)
WRAP(off_t, lseek, (int fd, off_t offset, int whence), (fd, offset, whence), EIO,
	-1)
WRAP(int, fstat, (int fd, struct stat *to), (fd, to), EIO, -1)
WRAP(int, rename, (const char *from, const char *to), (from, to), EACCES, -1)
WRAP(ssize_t, getrandom, (void *to, size_t size, unsigned int flags),
	(to, size, flags), EAGAIN, -1)

/* The data is lost, and the file is closed. A file that was read has none to lose. */
int __real_fclose(FILE *file);
int __wrap_fclose(FILE *file);
int __wrap_fclose(FILE *file)
{
	int failing = __fwritable(file) && is_failing("fclose", HERE, 0);
	int ret = __real_fclose(file);

	if (!failing)
		return ret;
	errno = ENOSPC;
	return EOF;
}

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, int) : 0;
	va_end(args);
	if (!is_failing("open", HERE, 0))
		return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	errno = EMFILE;
	return -1;
}

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	void *argument;
	va_list args;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (!is_failing("ioctl", HERE, request))
		return (int)syscall(SYS_ioctl, fd, request, argument);
	errno = EIO;
	return -1;
}
