#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The pages of the documentation in a browser without a window: browser.html says
# what it looks for.

set -eu

chromium=$(command -v chromium) || { echo "chromium is not installed"; exit 4; }
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 4; }

# If a tool is missing, docs.sh names it and returns the status of a skip.
VERSION=0 tools/build/docs.sh "$W/docs" html || exit $?
exec python3 tools/testing/check/browser.py "$chromium" "$W/docs/html" "$W/profile"
