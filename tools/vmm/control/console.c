// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * console.c - the standard input of this program is the serial port of the guest
 *
 * A terminal is in raw mode meanwhile, so the guest has Ctrl-C. Ctrl-A x ends the run.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "../vmm.h"

#define ESCAPE		1	/* Ctrl-A */
#define FULL_MS		10	/* between attempts while the guest takes nothing */

struct console {
	struct vmm	*vmm;
	pthread_t	thread;
	int		end[2];		/* a pipe whose writing end is closed at the end */
	bool		escaped;
};

static struct termios settings;
static bool raw;

static void restore_terminal(void)
{
	if (raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &settings);
	raw = false;
}

static void ended_by_signal(int number)
{
	restore_terminal();
	raise(number);
}

static void set_terminal(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	const struct sigaction action = {
		.sa_handler	= ended_by_signal,
		.sa_flags	= (int)SA_RESETHAND,
	};
	struct termios changed;
	size_t i;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &settings))
		return;
	changed = settings;
	cfmakeraw(&changed);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
	raw = !tcsetattr(STDIN_FILENO, TCSANOW, &changed);
	atexit(restore_terminal);
}

/* Whether the run ends, after at most @ms if that is not negative */
static bool ends(const struct console *console, int ms)
{
	struct pollfd fd = { .fd = console->end[0] };

	return poll(&fd, 1, ms) > 0;
}

static void type(struct console *console, uint8_t byte)
{
	bool escaped = console->escaped;

	console->escaped = !escaped && byte == ESCAPE;
	if (console->escaped)
		return;
	if (escaped && byte == 'x') {
		vcpus_end(console->vmm, GUEST_STOPPED);
		return;
	}
	if (escaped && byte == 'a')
		byte = ESCAPE;
	while (!serial_receive(console->vmm, byte) && !ends(console, FULL_MS))
		;
}

static void *serve(void *arg)
{
	struct console *console = arg;
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = console->end[0] },
	};
	uint8_t byte;

	while (poll(fds, 2, -1) > 0 && !fds[1].revents &&
	       read(STDIN_FILENO, &byte, 1) == 1)
		type(console, byte);
	return NULL;
}

/* Serve the terminal until console_stop(). Return NULL and a message on failure. */
struct console *console_start(struct vmm *vmm)
{
	struct console *console = calloc(1, sizeof(*console));

	if (!console || pipe(console->end)) {
		vmm_err("--console: no memory");
		free(console);
		return NULL;
	}
	console->vmm = vmm;
	if (pthread_create(&console->thread, NULL, serve, console)) {
		vmm_err("--console: no thread");
		close(console->end[0]);
		close(console->end[1]);
		free(console);
		return NULL;
	}
	set_terminal();
	return console;
}

void console_stop(struct console *console)
{
	if (!console)
		return;
	close(console->end[1]);
	pthread_join(console->thread, NULL);
	close(console->end[0]);
	free(console);
	restore_terminal();
}
