#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Write the library into a kernel tree as a series of commits, one for each layer:
#
#	series.py TREE
#
# TREE is a git repository with at least lib/Kconfig, lib/Makefile, MAINTAINERS and
# Documentation/driver-api/index.rst. series.sh makes one, and the patches from the
# commits.
#
# The text of lib/ and include/ changes in three ways. <vmalloc/X.h> becomes
# <linux/vmr/X.h>, the directory lib/X/ becomes lib/vmr/X/, and the lines for C++ and for
# programs are left out. A selftest becomes a KUnit suite: its tests keep their text, and
# the list of its cases and of its variables follows them.

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(TOP, 'tools/kernel')

# The layers of lib/sources.mk with the headers that each begins with. PCI is too large
# for one patch.
LAYERS = [
    ('range', ['base', 'range'], ['types', 'error', 'port', 'range']),
    ('resource', ['resource'], ['pool', 'id', 'resource', 'system']),
    ('device', ['device'], ['region', 'bus', 'listener', 'transaction', 'dispatch',
                            'device']),
    ('layout', ['layout'], ['layout']),
    ('print', ['print'], ['print', 'kernel/seq_file']),
    ('snapshot', ['snapshot'], ['snapshot']),
    ('pci', ['pci'], ['pci_function', 'pci_capability', 'pci_msi', 'pci_intx',
                      'pci_bridge', 'pci_port', 'pci_host', 'pci_slots', 'pci_reset',
                      'pci_rebar', 'pci_ari', 'pci_sriov', 'pci_assign', 'pci']),
    ('pci-assign', [], []),
    ('pci-state', [], ['pci_snapshot']),
    ('describe', ['describe'], ['describe', 'acpi', 'vmalloc']),
]
# Sources of lib/pci/ that have a patch of their own
LATER = {'assign': 'pci-assign', 'state': 'pci-state'}

# The suites, in the order of the layers
SUITES = {
    'kunit-range': ['range', 'id', 'id_table', 'pool'],
    'kunit-device': ['resource', 'system', 'irq', 'vector_wait', 'dispatch', 'layout',
                     'print', 'describe'],
    'kunit-pci': ['pci_capability', 'pci_ecam', 'pci_forward', 'pci_host', 'pci_intx',
                  'pci_msix_bar', 'pci_port', 'pci_rebar', 'pci_slots', 'pci_ari',
                  'pci_assign', 'pci_assign_items', 'pci_assign_keep'],
}

# Headers of the C library, which vmr_kunit.h or the kernel replaces
LIBC = ('inttypes', 'stdarg', 'stdbool', 'stddef', 'stdint', 'stdio', 'stdlib', 'string')


def read(name):
    with open(os.path.join(TOP, name), encoding='utf-8') as f:
        return f.read()


def condition(directive, tests):
    """True or False for what is known of a kernel, else the condition to write"""
    kind, _, what = directive.partition(' ')
    what = what.strip()
    known = {'__cplusplus': False, '__KERNEL__': True, '__GNUC__': True}
    if tests:
        known['VMR_DEBUG'] = False
    if kind == '#ifdef' and what in known:
        return known[what]
    if kind == '#if' and what == 'defined(__KERNEL__)':
        return True
    if kind == '#ifndef' and re.fullmatch(r'E[A-Z0-9]+', what):
        return False
    return re.sub(r'defined\(__KERNEL__\) && ', '', directive)


def resolve(text, tests=False):
    """The text without the lines that no kernel compiles"""
    out = []
    stack = []      # [kept as a condition, lines are wanted]
    for line in text.split('\n'):
        word = line.split(' ')[0].split('\t')[0]
        wanted = all(w for _, w in stack)
        if word in ('#if', '#ifdef', '#ifndef'):
            now = condition(line.split('/*')[0].rstrip(), tests)
            if isinstance(now, bool):
                stack.append([False, now])
                continue
            stack.append([True, True])
            line = now
        elif word in ('#else', '#elif') and not stack[-1][0]:
            stack[-1][1] = word == '#else' and not stack[-1][1]
            continue
        elif word == '#endif':
            if not stack.pop()[0]:
                continue
        if wanted:
            out.append(line)
    text = '\n'.join(out)
    return re.sub(r'\n\n\n+', '\n\n', text)


def kernel_text(text, tests=False):
    text = resolve(text, tests)
    # The names of errors are those of the kernel.
    text = re.sub(r'/\*\n \* Firmware often has no <errno.h>.*?\*/\n\n?', '', text,
                  flags=re.S)
    text = text.replace('<vmalloc/kernel/', '<linux/vmr/')
    text = text.replace('<vmalloc/vmalloc.h>', '<linux/vmr/vmr.h>')
    text = text.replace('<vmalloc/', '<linux/vmr/')
    text = text.replace('__attribute__((__may_alias__, __aligned__(sizeof(long))))',
                        '__attribute__((__may_alias__)) __aligned(sizeof(long))')
    text = text.replace('__attribute__((__unused__))', '__maybe_unused')
    return re.sub(r'\bVMALLOC_(\w*_)?H\b', lambda m: 'LINUX_VMR_%sH' % (m[1] or ''), text)


class Series:
    def __init__(self, tree):
        self.tree = tree
        self.objects = []

    def path(self, name):
        return os.path.join(self.tree, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), 'w', encoding='utf-8') as f:
            f.write(text)

    def edit(self, name, fn):
        with open(self.path(name), encoding='utf-8') as f:
            text = f.read()
        self.write(name, fn(text))

    def commit(self, patch):
        git = ['git', '-C', self.tree]
        subprocess.check_call(git + ['add', '-A'])
        subprocess.check_call(git + ['commit', '-q', '-s', '-F', os.path.join(
            HERE, 'messages', patch)])

    def copy(self, name, dest):
        self.write(dest, kernel_text(read(name)))


def sources():
    """The lines of lib/sources.mk: {'base': ['base/error.c'], ...}"""
    text = read('lib/sources.mk').replace('\\\n', ' ')
    return {m[1].lower(): m[2].split()
            for m in re.finditer(r'^VMR_(\w+) := (.*)$', text, flags=re.M)
            if '$' not in m[2]}


def layer_sources(layer, folders):
    files = []
    for folder in folders or ['pci']:
        for name in sources()[folder]:
            base = os.path.basename(name)
            later = LATER.get(re.split(r'[_.]', base)[0]) if folder == 'pci' else None
            if (later or layer) == layer and (folders or later):
                files.append(name)
    return files


def kconfig(name):
    """One entry of the Kconfig at the top"""
    return re.search(r'^config %s\n(?:\t.*\n|\n(?=\t))*' % name, read('Kconfig') + '\n',
                     flags=re.M)[0].rstrip('\n') + '\n'


def hook_up(series):
    series.edit('lib/Kconfig', lambda t: t.rstrip('\n') +
                '\n\nsource "lib/vmr/Kconfig"\n')
    series.edit('lib/Makefile', lambda t: t.rstrip('\n') +
                '\n\nobj-$(CONFIG_VMR) += vmr/\n')
    series.edit('MAINTAINERS', maintain)


def maintain(text):
    """The entry, before the first whose title comes later"""
    name = subprocess.check_output(['git', 'var', 'GIT_AUTHOR_IDENT'], text=True)
    entry = ('VIRTUAL MACHINE RESOURCES LIBRARY\nM:\t%s\nS:\tMaintained\n'
             'F:\tDocumentation/driver-api/vmr.rst\nF:\tinclude/linux/vmr/\n'
             'F:\tlib/vmr/\n\n' % re.match(r'.*>', name)[0])
    begin = re.search(r'^Maintainers List\n-+\n', text, flags=re.M)
    at = begin.end() if begin else 0
    for m in re.compile(r'(?<=\n\n)([A-Z0-9][^\n]*)\n(?=[A-Z]:\t)').finditer(text, at):
        if m[1] > entry:
            return text[:m.start()] + entry + text[m.start():]
    return text.rstrip('\n') + '\n\n' + entry.rstrip('\n') + '\n'


def makefile(series):
    objects = ''
    line = 'vmr-y :='
    for o in series.objects:
        if len(line) + 1 + len(o) > 72:
            objects += line + ' \\\n'
            line = '\t'
        line += ('' if line == '\t' else ' ') + o
    text = ('# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause\n\n'
            'subdir-ccflags-y += -I$(src)\n\n'
            'obj-$(CONFIG_VMR) += vmr.o\n' + objects + line + '\n')
    if os.path.exists(series.path('lib/vmr/tests/Makefile')):
        text += '\nobj-$(CONFIG_VMR_KUNIT_TEST) += tests/\n'
    series.write('lib/vmr/Makefile', text)


def add_layer(series, layer, folders, headers):
    files = layer_sources(layer, folders)
    for name in headers:
        dest = os.path.basename(name) if name != 'vmalloc' else 'vmr'
        series.copy('include/vmalloc/%s.h' % name, 'include/linux/vmr/%s.h' % dest)
    for name in files:
        series.copy('lib/' + name, 'lib/vmr/' + name)
    for folder in folders:
        for name in sorted(os.listdir(os.path.join(TOP, 'lib', folder))):
            # Static probes are for programs, the kernel has tracepoints.
            if name.endswith('.h') and name != 'probe.h' and \
                    not (layer == 'pci' and name.split('.')[0] in LATER):
                series.copy('lib/%s/%s' % (folder, name), 'lib/vmr/%s/%s' % (folder, name))
    for prefix in LATER:
        header = 'lib/pci/%s.h' % prefix
        if LATER[prefix] == layer and os.path.exists(os.path.join(TOP, header)):
            series.copy(header, 'lib/vmr/pci/%s.h' % prefix)
    series.objects += [f[:-2] + '.o' for f in files]
    if layer == 'range':
        series.write('lib/vmr/Kconfig', '# SPDX-License-Identifier: '
                     'GPL-2.0 OR BSD-3-Clause\n\n' + kconfig('VMR'))
        series.copy('lib/port/trace_range.h', 'lib/vmr/port/trace_range.h')
        series.write('lib/vmr/port/kernel.c', kernel_text(read('lib/port/kernel.c')).replace(
            '#include "trace_device.h"\n', ''))
        series.objects.append('port/kernel.o')
        hook_up(series)
    elif layer == 'device':
        series.copy('lib/port/trace_device.h', 'lib/vmr/port/trace_device.h')
        series.copy('lib/port/kernel.c', 'lib/vmr/port/kernel.c')
    elif layer == 'print':
        series.copy('lib/port/seq_file.c', 'lib/vmr/port/seq_file.c')
        series.objects.append('port/seq_file.o')
        series.edit('lib/vmr/Kconfig', lambda t: t + '\n' + kconfig('VMR_DEBUGFS'))
    makefile(series)
    series.commit(layer)


def document(series):
    with open(os.path.join(HERE, 'vmr.rst'), encoding='utf-8') as f:
        series.write('Documentation/driver-api/vmr.rst', f.read())

    def index(text):
        lines = text.split('\n')
        at = max(i for i, line in enumerate(lines)
                 if re.match(r'   [a-z0-9]', line) and line.strip() < 'vmr' and
                 not line.strip().startswith(':'))
        return '\n'.join(lines[:at + 1] + ['   vmr'] + lines[at + 1:])
    series.edit('Documentation/driver-api/index.rst', index)
    series.commit('documentation')


def test_text(name):
    """A selftest or one of its headers as a part of a KUnit suite"""
    text = kernel_text(read('tools/testing/selftests/vmalloc/' + name), tests=True)
    text = re.sub(r'#include <(?:%s)\.h>\n' % '|'.join(LIBC + ('pthread', 'sched', 'unistd')),
                  '', text)
    text = re.sub(r'#include "requires\.h"\n', '', text)
    text = text.replace('"../kselftest_harness.h"', '"vmr_kunit.h"')
    text = re.sub(r'struct __test_metadata \*_metadata', 'struct kunit *test', text)
    text = re.sub(r'\b_metadata\b', 'test', text)
    text = re.sub(r'The harness runs each test in a process of its own, with a new (\w+)\.',
                  r'Each test begins with a new \1: see vmr_kunit.h.', text)
    text = re.sub(r'TEST_F_TIMEOUT\((\w+, \w+), \d+\)', r'TEST_F(\1)', text)
    text = text.replace('TEST_HARNESS_MAIN\n', '')
    text = re.sub(r'\n/\*\n \* (\w+)\.h -', r'\n/*\n * \1.h -', text)
    text = re.sub(r'\n \* test_(\w+)\.c -', r'\n * \1_kunit.c -', text)
    return re.sub(r'\n\n\n+', '\n\n', text).rstrip('\n') + '\n'


def local_headers(text):
    found = []
    for name in re.findall(r'#include "(\w+\.h)"', text):
        if name != 'vmr_kunit.h':
            for n in local_headers(test_text(name)) + [name]:
                if n not in found:
                    found.append(n)
    return found


def variables(text):
    """The names of the static variables of a file, without constants"""
    text = re.sub(r'/\*.*?\*/|//[^\n]*', '', text, flags=re.S)
    text = re.sub(r'^#(?:[^\n]*\\\n)*[^\n]*\n', '', text, flags=re.M)
    text = re.sub(r'__maybe_unused|__attribute__\(\([^;]*?\)\)', '', text)
    names = []
    chunk = ''
    depth = 0
    body = False
    for c in text:
        if c == '{':
            body = body or (depth == 0 and chunk.rstrip().endswith(')'))
            depth += 1
        elif c == '}':
            depth -= 1
            if depth == 0 and body:
                chunk = ''
                body = False
        elif depth:
            continue
        elif c == ';':
            names += declared(chunk.strip())
            chunk = ''
        else:
            chunk += c
    return names


def declared(chunk):
    chunk = re.sub(r'\[[^][]*(\[[^][]*\])*[^][]*\]', '', chunk)
    if not chunk.startswith('static ') or re.search(r'\bconst\s+\w+\s*(=|$)', chunk) or \
            re.match(r'static const\b(?!.*\*)', chunk):
        return []
    parts = chunk.split(',') if '(' not in chunk else [chunk]
    names = []
    for part in parts:
        head = part.split('=')[0]
        if '(' in head:
            return []
        names.append(re.findall(r'\w+', head)[-1])
    return names


def suite(name):
    text = test_text('test_%s.c' % name)
    headers = local_headers(text)
    everything = ''.join(test_text(h) for h in headers) + text
    cases = [(m[1] + '_' if m[1] else '') + m[2] for m in re.finditer(
        r'^TEST(?:_F)?\((?:(\w+), )?(\w+)\)', text, flags=re.M)]
    names = list(dict.fromkeys(variables(everything)))
    text += '\nstatic struct kunit_case cases[] = {\n'
    text += ''.join('\tKUNIT_CASE(%s),\n' % c for c in cases)
    text += '\t{}\n};\n\nstatic const struct vmr_kunit_var vars[] = {\n'
    text += ''.join('\tVMR_VAR(%s),\n' % n for n in names)
    text += '};\n\nVMR_KUNIT_SUITE("vmr_%s");\n' % name
    return text, headers


def add_suites(series, patch, so_far):
    tests = 'lib/vmr/tests/'
    if not so_far:
        for name in ('vmr_kunit.c', 'vmr_kunit.h'):
            with open(os.path.join(HERE, name), encoding='utf-8') as f:
                series.write(tests + name, f.read())
        with open(os.path.join(HERE, 'Kconfig.kunit'), encoding='utf-8') as f:
            entry = f.read()
        series.edit('lib/vmr/Kconfig', lambda t: t + '\n' + entry)
        series.write('lib/vmr/.kunitconfig', 'CONFIG_KUNIT=y\nCONFIG_VMR=y\n'
                     'CONFIG_VMR_KUNIT_TEST=y\n')
    for name in SUITES[patch]:
        text, headers = suite(name)
        series.write(tests + name + '_kunit.c', text)
        for h in headers:
            series.write(tests + h, test_text(h))
    so_far += SUITES[patch]
    lines = ''.join(' \\\n\t\t   %s_kunit.o' % n for n in so_far)
    series.write(tests + 'Makefile',
                 '# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause\n\n'
                 '# Tests have machines on the stack, below a half of it.\n'
                 'ccflags-y += -Wframe-larger-than=8192\n\n'
                 'obj-$(CONFIG_VMR_KUNIT_TEST) += vmr_kunit_test.o\n'
                 'vmr_kunit_test-y := vmr_kunit.o' + lines + '\n')
    makefile(series)
    series.commit(patch)


def main():
    if len(sys.argv) != 2:
        sys.exit('usage: series.py TREE')
    series = Series(sys.argv[1])
    for layer, folders, headers in LAYERS:
        add_layer(series, layer, folders, headers)
    document(series)
    so_far = []
    for patch in SUITES:
        add_suites(series, patch, so_far)


main()
