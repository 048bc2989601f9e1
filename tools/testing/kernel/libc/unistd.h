/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* unistd.h - an alarm without effect: boot.sh has a timeout */
#ifndef VMR_TEST_UNISTD_H
#define VMR_TEST_UNISTD_H

static inline unsigned int alarm(unsigned int seconds)
{
	(void)seconds;
	return 0;
}

#endif /* VMR_TEST_UNISTD_H */
