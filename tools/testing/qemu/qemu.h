/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * qemu.h - a QEMU process, driven through qtest and QMP
 *
 * The process has no KVM, and its CPU is stopped. Commands of qtest are collected and
 * sent together. Nothing here waits with a limit of time.
 */
#ifndef VMR_QEMU_H
#define VMR_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A stream with a buffer for lines */
struct stream {
	int	fd;
	char	*data;
	size_t	size, start, end;
};

/**
 * struct qemu - a QEMU process
 * @pid: the process
 * @out: where qtest reads commands
 * @test: the answers of qtest
 * @qmp: QMP in both directions
 * @batch: commands that were not sent
 * @batched: bytes in @batch
 */
struct qemu {
	pid_t		pid;
	int		out;
	struct stream	test;
	struct stream	qmp;
	char		batch[1 << 16];
	size_t		batched;
};

/* A failure of the harness or of QEMU, which no comparison explains */
void die(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/* Start a process with these arguments, NULL at the end, and stop it */
void qemu_start(struct qemu *q, char *const *argv);
void qemu_stop(struct qemu *q);

/* Append a command of qtest; send all; and the answer to the oldest that has none */
void qemu_put(struct qemu *q, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void qemu_flush(struct qemu *q);
char *qemu_answer(struct qemu *q);

/* Send all and ignore @nr answers that say OK */
void qemu_ignore(struct qemu *q, unsigned int nr);

/* Append a read of @size bytes, and get what one has read */
void qemu_put_read(struct qemu *q, uint64_t addr, size_t size);
void qemu_get_read(struct qemu *q, uint8_t *bytes, size_t size);

/* One access at once */
uint32_t qemu_read(struct qemu *q, uint64_t addr, unsigned int width);
void qemu_write(struct qemu *q, uint64_t addr, uint64_t value,
		unsigned int width);
uint32_t qemu_in(struct qemu *q, uint32_t port, unsigned int width);
void qemu_out(struct qemu *q, uint32_t port, uint32_t value,
	      unsigned int width);

/*
 * Send a QMP command; get its answer, a line of JSON; see whether it succeeds; wait for
 * both the answer and an event. Commands of the monitor answer with text.
 */
void qemu_qmp_send(struct qemu *q, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *qemu_qmp_answer(struct qemu *q);
bool qemu_qmp_succeeds(struct qemu *q);
void qemu_qmp_event(struct qemu *q, const char *event);
void qemu_monitor_send(struct qemu *q, const char *command);
char *qemu_monitor_answer(struct qemu *q);

#endif /* VMR_QEMU_H */
