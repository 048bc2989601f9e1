// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * control.c - a socket that takes commands
 *
 * One program is served at a time.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control.h"

struct control {
	struct vmm	*vmm;
	const char	*path;
	pthread_t	thread;
	int		listener;
	int		client;
	bool		stopping;
};

#define RETRY_US	100000	/* until another attempt to accept a client */
#define LAST_SECONDS	2	/* for the client to read its answer at the end */

/* A stream of its own for a socket, or NULL */
static FILE *stream(int fd, const char *mode)
{
	int copy = dup(fd);
	FILE *file = copy < 0 ? NULL : fdopen(copy, mode);

	if (!file && copy >= 0)
		close(copy);
	return file;
}

static void serve_client(struct control *control, int fd)
{
	FILE *in = stream(fd, "r"), *out = stream(fd, "w");

	if (!in || !out)
		vmm_err("--control: a client was turned away: %s",
			strerror(errno));
	else if (!commands_serve(control->vmm, in, out))
		vmm_err("--control: an answer is lost");
	if (in)
		fclose(in);
	if (out && fclose(out))
		vmm_err("--control: an answer is lost");
}

static bool stops(const struct control *control)
{
	return __atomic_load_n(&control->stopping, __ATOMIC_SEQ_CST);
}

/* A lack of descriptors or of memory may end. The guest goes on meanwhile. */
static void *serve(void *arg)
{
	struct control *control = arg;
	sigset_t pipe;
	int fd;

	/* A client that does not wait for its answer must not end the guest. */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, NULL);
	while (!stops(control)) {
		fd = accept(control->listener, NULL, NULL);
		if (fd < 0) {
			if (stops(control))
				break;
			vmm_err("--control %s: %s; trying again", control->path,
				strerror(errno));
			usleep(RETRY_US);
			continue;
		}
		__atomic_store_n(&control->client, fd, __ATOMIC_SEQ_CST);
		serve_client(control, fd);
		__atomic_store_n(&control->client, -1, __ATOMIC_SEQ_CST);
		close(fd);
	}
	return NULL;
}

/* Serve commands until control_stop(). Return NULL and a message on failure. */
struct control *control_start(struct vmm *vmm, const char *path)
{
	struct control *control = calloc(1, sizeof(*control));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (!control) {
		vmm_err("--control: no memory");
		return NULL;
	}
	control->vmm = vmm;
	control->path = path;
	control->client = -1;
	control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* For an empty name the system chooses a name, and no client has it. */
	if (!*path || strlen(path) >= sizeof(address.sun_path)) {
		vmm_err("--control: the path is %s", *path ? "too long" : "empty");
		goto fail;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (control->listener < 0 ||
	    bind(control->listener, (struct sockaddr *)&address,
		 sizeof(address)) ||
	    listen(control->listener, 1)) {
		vmm_err("--control %s: %s", path, strerror(errno));
		goto fail;
	}
	if (!pthread_create(&control->thread, NULL, serve, control))
		return control;
	vmm_err("--control: no thread");
	unlink(path);
fail:
	if (control->listener >= 0)
		close(control->listener);
	free(control);
	return NULL;
}

static void shut_client(struct control *control, int how)
{
	int client = __atomic_load_n(&control->client, __ATOMIC_SEQ_CST);

	if (client >= 0)
		shutdown(client, how);
}

/* A client that does not read loses its answer, and does not keep this program. */
void control_stop(struct control *control)
{
	struct timespec end;

	if (!control)
		return;
	__atomic_store_n(&control->stopping, true, __ATOMIC_SEQ_CST);
	shutdown(control->listener, SHUT_RDWR);
	shut_client(control, SHUT_RD);
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += LAST_SECONDS;
	if (pthread_timedjoin_np(control->thread, NULL, &end)) {
		shut_client(control, SHUT_RDWR);
		pthread_join(control->thread, NULL);
	}
	close(control->listener);
	unlink(control->path);
	free(control);
}
