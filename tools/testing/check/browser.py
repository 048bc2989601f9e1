# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Serve a directory of HTML pages with browser.html among them, let a browser load that,
# and print the report which it posts:
#
#	python3 browser.py BROWSER DIRECTORY PROFILE

import functools
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading

browser, directory, profile = sys.argv[1:]
here = pathlib.Path(__file__).parent
root = pathlib.Path(directory)
pages = sorted(str(p.relative_to(root)) for p in root.rglob("*.html")
               if "_static" not in p.parts)
page = (here / "browser.html").read_text().replace("PAGES;", json.dumps(pages) + ";")
report = []
finished = threading.Event()


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/browser":
            super().do_GET()
            return
        body = page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        report.append(self.rfile.read(length).decode())
        self.send_response(204)
        self.end_headers()
        finished.set()

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", 0), functools.partial(Handler, directory=directory))
threading.Thread(target=server.serve_forever, daemon=True).start()

command = [browser, "--headless", "--disable-gpu", "--disable-dev-shm-usage",
           "--no-first-run", f"--user-data-dir={profile}",
           "--remote-debugging-port=0"]
if os.geteuid() == 0:
    command.append("--no-sandbox")
command.append(f"http://127.0.0.1:{server.server_port}/browser")
process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def watch():
    # A browser that ends by itself has nothing more to report.
    report.append("the browser ended: " + process.stderr.read().decode()[-2000:])
    finished.set()


threading.Thread(target=watch, daemon=True).start()
finished.wait()
process.terminate()
print(report[0])
sys.exit(not pages or ": 0 faults\n" not in report[0])
