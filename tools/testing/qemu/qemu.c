// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * qemu.c - a QEMU process, driven through qtest and QMP
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qemu.h"

/* The messages of QEMU, which are shown if it ends */
static int log_fd = -1;

static void show_log(void)
{
	char text[4096];
	ssize_t got;

	if (log_fd < 0)
		return;
	lseek(log_fd, 0, SEEK_SET);
	while ((got = read(log_fd, text, sizeof(text))) > 0)
		fwrite(text, 1, got, stderr);
}

void die(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	show_log();
	va_start(args, format);
	fprintf(stderr, "qemu: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(2);
}

static void stream_init(struct stream *s, int fd)
{
	free(s->data);
	s->fd = fd;
	s->size = 1 << 16;
	s->data = malloc(s->size);
	s->start = 0;
	s->end = 0;
	if (!s->data)
		die("no memory");
}

/* Make room and read what there is */
static void stream_fill(struct stream *s)
{
	ssize_t got;

	if (s->start) {
		memmove(s->data, s->data + s->start, s->end - s->start);
		s->end -= s->start;
		s->start = 0;
	}
	if (s->end == s->size) {
		s->size *= 2;
		s->data = realloc(s->data, s->size);
		if (!s->data)
			die("no memory");
	}
	do {
		got = read(s->fd, s->data + s->end, s->size - s->end);
	} while (got < 0 && errno == EINTR);
	if (got <= 0)
		die("QEMU has ended");
	s->end += got;
}

/* The next line, without its end; it remains until the next call */
static char *stream_line(struct stream *s)
{
	size_t seen = 0;
	char *end, *line;

	for (;;) {
		end = memchr(s->data + s->start + seen, '\n',
			     s->end - s->start - seen);
		if (end)
			break;
		seen = s->end - s->start;
		stream_fill(s);
	}
	line = s->data + s->start;
	*end = 0;
	if (end > line && end[-1] == '\r')
		end[-1] = 0;
	s->start = end + 1 - s->data;
	return line;
}

static void write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t put = write(fd, data, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			die("QEMU has ended");
		data += put;
		size -= put;
	}
}

static void run_child(int in, int out, int qmp, char *const *argv)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in, 0);
	dup2(out, 1);
	dup2(qmp, 3);
	dup2(log_fd, 2);
	execvp(argv[0], argv);
	_exit(127);
}

void qemu_start(struct qemu *q, char *const *argv)
{
	int in[2], out[2], qmp[2];

	signal(SIGPIPE, SIG_IGN);
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qmp))
		die("no pipes: %s", strerror(errno));
	if (log_fd >= 0)
		close(log_fd);
	log_fd = memfd_create("log", MFD_CLOEXEC);
	if (log_fd >= 0 && log_fd < 4)
		log_fd = fcntl(log_fd, F_DUPFD_CLOEXEC, 10);
	/* The numbers that the child gets must not be in use there */
	if (qmp[1] < 4)
		qmp[1] = fcntl(qmp[1], F_DUPFD_CLOEXEC, 10);
	q->pid = fork();
	if (q->pid < 0)
		die("no process: %s", strerror(errno));
	if (!q->pid)
		run_child(in[0], out[1], qmp[1], argv);
	close(in[0]);
	close(out[1]);
	close(qmp[1]);
	q->out = in[1];
	q->batched = 0;
	stream_init(&q->test, out[0]);
	stream_init(&q->qmp, qmp[0]);
	stream_line(&q->qmp);	/* the greeting */
	qemu_qmp_send(q, "{\"execute\":\"qmp_capabilities\"}");
	qemu_qmp_answer(q);
}

void qemu_stop(struct qemu *q)
{
	kill(q->pid, SIGKILL);
	waitpid(q->pid, NULL, 0);
	close(q->out);
	close(q->test.fd);
	close(q->qmp.fd);
}

void qemu_flush(struct qemu *q)
{
	write_all(q->out, q->batch, q->batched);
	q->batched = 0;
}

void qemu_put(struct qemu *q, const char *format, ...)
{
	size_t room = sizeof(q->batch) - q->batched;
	va_list args;
	int put;

	va_start(args, format);
	put = vsnprintf(q->batch + q->batched, room, format, args);
	va_end(args);
	if (put < 0 || (size_t)put + 1 >= room)
		die("too many commands at once");
	q->batched += put;
	q->batch[q->batched++] = '\n';
}

char *qemu_answer(struct qemu *q)
{
	char *line;

	qemu_flush(q);
	/* Lines about interrupts come at any time */
	do {
		line = stream_line(&q->test);
	} while (!strncmp(line, "IRQ", 3));
	if (strncmp(line, "OK", 2))
		die("qtest: %s", line);
	return line[2] ? line + 3 : line + 2;
}

void qemu_ignore(struct qemu *q, unsigned int nr)
{
	while (nr--)
		qemu_answer(q);
}

void qemu_put_read(struct qemu *q, uint64_t addr, size_t size)
{
	qemu_put(q, "b64read 0x%llx 0x%zx", (unsigned long long)addr, size);
}

static unsigned int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : 0;
}

void qemu_get_read(struct qemu *q, uint8_t *bytes, size_t size)
{
	const char *text = qemu_answer(q);
	size_t i;

	if (strlen(text) != (size + 2) / 3 * 4)
		die("qtest: a read has another size");
	for (i = 0; i < size; i++) {
		const char *c = text + i / 3 * 4 + i % 3;
		unsigned int shift = 2 + 2 * (i % 3);

		bytes[i] = base64_value(c[0]) << shift |
			   base64_value(c[1]) >> (6 - shift);
	}
}

static char letter(unsigned int width)
{
	return width == 1 ? 'b' : width == 2 ? 'w' : width == 4 ? 'l' : 'q';
}

static uint32_t answer_value(struct qemu *q)
{
	return strtoull(qemu_answer(q), NULL, 0);
}

uint32_t qemu_read(struct qemu *q, uint64_t addr, unsigned int width)
{
	qemu_put(q, "read%c 0x%llx", letter(width), (unsigned long long)addr);
	return answer_value(q);
}

void qemu_write(struct qemu *q, uint64_t addr, uint64_t value,
		unsigned int width)
{
	qemu_put(q, "write%c 0x%llx 0x%llx", letter(width),
		 (unsigned long long)addr, (unsigned long long)value);
	qemu_answer(q);
}

uint32_t qemu_in(struct qemu *q, uint32_t port, unsigned int width)
{
	qemu_put(q, "in%c 0x%x", letter(width), port);
	return answer_value(q);
}

void qemu_out(struct qemu *q, uint32_t port, uint32_t value, unsigned int width)
{
	qemu_put(q, "out%c 0x%x 0x%x", letter(width), port, value);
	qemu_answer(q);
}

void qemu_qmp_send(struct qemu *q, const char *format, ...)
{
	char text[1024];
	va_list args;
	int put;

	va_start(args, format);
	put = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (put < 0 || (size_t)put >= sizeof(text))
		die("a QMP command is too long");
	write_all(q->qmp.fd, text, put);
}

bool qemu_qmp_succeeds(struct qemu *q)
{
	for (;;) {
		const char *line = stream_line(&q->qmp);

		if (!strncmp(line, "{\"return\"", 9))
			return true;
		if (!strncmp(line, "{\"error\"", 8))
			return false;
	}
}

char *qemu_qmp_answer(struct qemu *q)
{
	for (;;) {
		char *line = stream_line(&q->qmp);

		if (!strncmp(line, "{\"return\"", 9))
			return line;
		if (!strncmp(line, "{\"error\"", 8))
			die("QMP: %s", line);
	}
}

void qemu_qmp_event(struct qemu *q, const char *event)
{
	bool happened = false, answered = false;
	char text[64];

	/* In any order */
	snprintf(text, sizeof(text), "\"event\": \"%s\"", event);
	while (!happened || !answered) {
		const char *line = stream_line(&q->qmp);

		if (!strncmp(line, "{\"error\"", 8))
			die("QMP: %s", line);
		happened = happened || strstr(line, text);
		answered = answered || !strncmp(line, "{\"return\"", 9);
	}
}

void qemu_monitor_send(struct qemu *q, const char *command)
{
	qemu_qmp_send(q, "{\"execute\":\"human-monitor-command\",\"arguments\":"
			 "{\"command-line\":\"%s\"}}", command);
}

char *qemu_monitor_answer(struct qemu *q)
{
	char *answer = qemu_qmp_answer(q), *text, *out;
	char *in = strchr(answer + 9, '"');

	if (!in)
		die("QMP: an answer is no text: %s", answer);
	text = ++in;
	out = text;
	for (; *in && *in != '"'; in++) {
		if (*in != '\\') {
			*out++ = *in;
			continue;
		}
		in++;
		if (*in == 'n')
			*out++ = '\n';
		else if (*in != 'r')
			*out++ = *in;
	}
	*out = 0;
	return text;
}
