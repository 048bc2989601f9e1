// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * stdio.c - formatting, for the conversions that tests use
 *
 * %d %i %u %x %c %s %p %%, the flags "-", "0" and "#", width, precision of
 * strings, and the lengths h, hh, l, ll, z and j.
 */
#include "../kselftest_harness.h"

struct out {
	char	*text;
	size_t	size;
	size_t	n;		/* length without truncation */
};

static void put(struct out *out, char c)
{
	if (out->n + 1 < out->size)
		out->text[out->n] = c;
	out->n++;
}

static void pad(struct out *out, char c, int nr)
{
	while (nr-- > 0)
		put(out, c);
}

struct spec {
	bool	left;
	bool	zero;
	bool	alternate;
	int	width;
	int	precision;	/* -1: none */
};

static void put_string(struct out *out, const struct spec *spec, const char *s)
{
	int n = 0, i;

	if (!s)
		s = "(null)";
	while ((spec->precision < 0 || n < spec->precision) && s[n])
		n++;
	pad(out, ' ', spec->left ? 0 : spec->width - n);
	for (i = 0; i < n; i++)
		put(out, s[i]);
	pad(out, ' ', spec->left ? spec->width - n : 0);
}

static void put_number(struct out *out, const struct spec *spec,
		       unsigned long long n, unsigned int base, bool negative)
{
	char digits[24];
	int nr = 0, all;
	bool prefix = spec->alternate && base == 16 && n;

	do {
		digits[nr++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	all = nr + negative + 2 * prefix;
	if (!spec->left && !spec->zero)
		pad(out, ' ', spec->width - all);
	if (negative)
		put(out, '-');
	if (prefix) {
		put(out, '0');
		put(out, 'x');
	}
	if (!spec->left && spec->zero)
		pad(out, '0', spec->width - all);
	while (nr)
		put(out, digits[--nr]);
	if (spec->left)
		pad(out, ' ', spec->width - all);
}

static const char *flags(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		if (*fmt == '-')
			spec->left = true;
		else if (*fmt == '0')
			spec->zero = true;
		else if (*fmt == '#')
			spec->alternate = true;
		else
			return fmt;
	}
}

/* A struct, because a va_list cannot be passed by address portably */
struct arguments {
	va_list	list;
};

static const char *count(const char *fmt, struct arguments *args, int *n)
{
	if (*fmt == '*') {
		*n = va_arg(args->list, int);
		return fmt + 1;
	}
	for (*n = 0; *fmt >= '0' && *fmt <= '9'; fmt++)
		*n = *n * 10 + (*fmt - '0');
	return fmt;
}

/* The argument of the given length, sign-extended */
static long long integer(struct arguments *args, unsigned int size)
{
	if (size == sizeof(int))
		return va_arg(args->list, int);
	if (size == sizeof(long))
		return va_arg(args->list, long);
	return va_arg(args->list, long long);
}

static const char *length(const char *fmt, unsigned int *size)
{
	*size = sizeof(int);
	for (;; fmt++) {
		if (*fmt == 'l')
			*size = *size == sizeof(int) && fmt[1] != 'l' ?
				sizeof(long) : sizeof(long long);
		else if (*fmt == 'z')
			*size = sizeof(size_t);
		else if (*fmt == 'j')
			*size = sizeof(long long);
		else if (*fmt != 'h')
			return fmt;
	}
}

static const char *convert(struct out *out, const char *fmt,
			   struct arguments *args)
{
	struct spec spec = { .precision = -1 };
	unsigned int size;
	long long n;

	fmt = flags(fmt, &spec);
	fmt = count(fmt, args, &spec.width);
	if (*fmt == '.')
		fmt = count(fmt + 1, args, &spec.precision);
	fmt = length(fmt, &size);
	switch (*fmt) {
	case 'd':
	case 'i':
		n = integer(args, size);
		put_number(out, &spec, n < 0 ? 0ull - n : (unsigned long long)n,
			   10, n < 0);
		break;
	case 'u':
	case 'x':
		n = integer(args, size);
		if (size < sizeof(n))
			n &= ~0ull >> (64 - 8 * size);
		put_number(out, &spec, n, *fmt == 'x' ? 16 : 10, false);
		break;
	case 'p':
		spec.alternate = true;
		put_number(out, &spec, (uintptr_t)va_arg(args->list, void *),
			   16, false);
		break;
	case 'c':
		put(out, va_arg(args->list, int));
		break;
	case 's':
		put_string(out, &spec, va_arg(args->list, const char *));
		break;
	case '%':
		put(out, '%');
		break;
	default:
		/* Print an unknown conversion as it is. */
		put(out, '?');
		break;
	}
	return *fmt ? fmt + 1 : fmt;
}

int vsnprintf(char *text, size_t size, const char *fmt, va_list list)
{
	struct out out = { .text = text, .size = size };
	struct arguments args;

	va_copy(args.list, list);
	while (*fmt) {
		if (*fmt == '%')
			fmt = convert(&out, fmt + 1, &args);
		else
			put(&out, *fmt++);
	}
	va_end(args.list);
	if (size)
		text[out.n < size ? out.n : size - 1] = '\0';
	return (int)out.n;
}

int snprintf(char *text, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, size, fmt, args);
	va_end(args);
	return n;
}

int printf(const char *fmt, ...)
{
	char text[256];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	harness_write(text, n < (int)sizeof(text) ? n : (int)sizeof(text) - 1);
	return n;
}
