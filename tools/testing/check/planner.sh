#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The planner places its samples as recorded, and an independent oracle confirms the
# result. It reports a window or an address width as sufficient exactly when it is. It
# names the line of each error, and survives input that is cut short or damaged.

set -eu

samples=tools/vmr/samples
expected=tools/testing/check/planner

$VMR_MAKE O="$O" vmr
vmr=$O/vmr

die() { echo "$*"; exit 1; }

# ends STATUS ARGUMENT... - run the planner, which ends with that status
ends()
{
	local want=$1 status=0

	shift
	"$vmr" "$@" >"$W/out" 2>"$W/err" || status=$?
	[ $status = "$want" ] || {
		cat "$W/err"
		die "vmr $*: status $status, not $want"
	}
}

# Compare with the recorded output. UPDATE=1 records it anew, for review.
same()
{
	ends "$2" "${@:3}"
	[ ! -s "$W/err" ] || { cat "$W/err"; die "vmr ${*:3}: complains"; }
	[ -z "${UPDATE-}" ] || cp "$W/out" "$expected/$1"
	diff -u "$expected/$1" "$W/out"
}

same gpus.txt 0 $samples/eight-gpus.vmr
same gpus-39.txt 1 -b 39 -M 64G $samples/eight-gpus.vmr
same gpus-flat.txt 0 --flat --bits 41 --memory 64G $samples/eight-gpus.vmr
same gpus-39.json 1 --json -b 39 -M 64G $samples/eight-gpus.vmr
same host.txt 0 -b 46 -M 64G $samples/eight-gpus.lspci
same host-arm64.txt 0 -m arm64 -b 42 -M 64G --bridges -o '3D controller' \
	$samples/eight-gpus.lspci
same boards.txt 0 --gaps $samples/boards.vmr
same boards.svg 0 --svg - $samples/boards.vmr
same empty-riscv64.txt 0 --machine=riscv64 --memory 2G --memory-max 64G --gaps
expected=Documentation/images \
same eight-gpus.svg 0 --svg - --flat --bits 41 --memory 64G \
	$samples/eight-gpus.vmr
ends 0 --help
grep -q 'exit status' "$W/out"

# The manual page has every option and every statement.
manual=tools/vmr/vmr.1
for option in $(grep -oE -e '--[a-z][a-z-]*' "$W/out" | sort -u); do
	grep -qF -e "${option//-/\\-}" $manual || die "$manual: no $option"
done
for word in $(sed -n 's/^\t{ "\([a-z-]*\)", parse_.*/\1/p' tools/vmr/plan_parse.c); do
	grep -qE "^\.BI? ${word/-/.*}( |\$)" $manual || die "$manual: no $word"
done
if command -v groff >/dev/null; then
	groff -man -Tascii -ww -z $manual 2>&1 | tee "$W/groff"
	[ ! -s "$W/groff" ]
fi

# Two files, one of them from a pipe: one machine, all devices.
"$vmr" -M 64G -b 46 $samples/eight-gpus.lspci - <<<'device one' >"$W/out"
head -n 1 "$W/out" | grep -x '12 of 12 devices fit'

# Bad input: what is wrong, and in which line.
bad()
{
	local status=0

	printf '%b' "$1" >"$W/bad"
	"$vmr" "$W/bad" >"$W/out" 2>"$W/err" || status=$?
	[ $status = 2 ] || die "vmr takes: $1"
	grep -qFx "vmr: $W/bad:$2" "$W/err" || {
		cat "$W/err"
		die "does not say: $2"
	}
	[ ! -s "$W/out" ] || die "shows a plan of: $1"
}

while IFS='|' read -r input message; do
	bad "$input" "$message"
done <$expected/bad.txt
bad 'device a\nfoo\0bar\n' '2:1: "foo" is no statement'
bad "$(printf 'x\\n%.0s' $(seq 40))" '1:1: "x" is no statement'
grep -q 'further errors are not shown' "$W/err"
bad 'device a\nbar 0 3K\n' '2:7: bar: a power of two from 16 bytes to 4 EiB, not 3K'
grep -qx 'vmr:   for example: bar 0 16M 64bit prefetchable' "$W/err"

# Any number of resources.
{
	echo 'device a'
	printf 'mmio 4K\n%.0s' $(seq 1000)
} >"$W/many"
ends 0 --json "$W/many"
[ "$(grep -c '"what": "mmio' "$W/out")" = 1000 ]

# The statements that may be there any number of times.
ends 0 - <<'E'
machine custom
memory 1G
bits 40
ram a 0-0xfffff
ram b 4G+1G
window mmio32 0xc0000000-0xcfffffff
window mmio64 32G+32G 64bit
platform p 0xf0000000+1M
platform q 0xf1000000+1M
hole x 0xffc00000-0xffcfffff
hole y 0xffd00000-0xffdfffff
ports 0x1000-0x1fff
host second segment 1 buses 0-255
host third segment 2 buses 0-255
bridge t
bridge u
port r
port s
device a on r
bar 0 4K
bar 1 4K
device b on s
bar 0 4K
E
grep -q '^2 of 2 devices fit' "$W/out"

# The corpus: lspci of all sorts, mails, journals, dumps, and statements.
perl tools/testing/check/planner/corpus.pl "$vmr" "$W" $expected/corpus.txt

usage()
{
	ends 2 "$@"
	grep -q 'help says' "$W/err"
}

usage --machine pdp11
usage --memory lots
usage --bits 20
usage --bits 65
usage --nonsense
usage --memory 64
grep -qx 'vmr: 64 of what? 64M, or 64G' "$W/err"
usage --rebar 3G
usage --rebar 16
usage --page 5K
usage --for bochs
usage --color sometimes
ends 2 "$W/is-not-there"
ends 2 "$W"
ends 2 --bits 40 --memory 2T
ends 2 --only nonsuch $samples/eight-gpus.lspci
grep -q 'no device matches --only nonsuch' "$W/err"
ends 2 --svg "$W/is-not-there/a.svg"

# The oracle needs perl's JSON module.
perl -MJSON::PP -e 1 2>/dev/null || { echo "perl is not installed"; exit 4; }

oracle()
{
	ends "$1" --json "${@:2}"
	perl tools/testing/check/planner/oracle.pl "$W/out" || die "vmr ${*:2}"
}

for bits in 36 39 40 41 42 46 52 64; do
	for machine in x86-64 arm64 riscv64; do
		for kind in --flat --bridges; do
			for file in eight-gpus.vmr eight-gpus.lspci; do
				set -- -b $bits -m $machine -M 16G $kind \
					"$samples/$file"
				status=0
				"$vmr" "$@" >"$W/text" || status=$?
				oracle $status "$@"
				head -n 1 "$W/text" >>"$W/verdicts"
			done
		done
	done
done
# Of both verdicts there are some, or nothing has been asked.
grep -q '; 41 address bits would do$' "$W/verdicts"
grep -q '^11 of 11 devices fit$' "$W/verdicts"

# Windows share: of eight ports of 128 GiB and a little more, at least five fit in 40
# bits.
ends 1 --json -b 40 -M 4G $samples/eight-gpus.vmr
perl -MJSON::PP -e '
	my $plan = decode_json(join("", <>));
	my @gpus = grep { $_->{name} =~ /^gpu/ } @{$plan->{devices}};

	exit(@gpus != 8 || grep({ $_->{placed} } @gpus) < 5);' "$W/out"

# --page: no two BARs in one page of the host.
printf 'device a\nbar 0 4K\nbar 1 4K\n' >"$W/small"
ends 0 --json --page 64K "$W/small"
[ "$(grep -c '"what": "bar.*"start": "0x[0-9a-f]*0000", "last": "0x[0-9a-f]*0fff"' "$W/out")" = 2 ]
printf 'page 64K\n' | cat - "$W/small" >"$W/paged"
ends 0 --json "$W/paged"
[ "$(grep -c '"what": "bar.*"start": "0x[0-9a-f]*0000", "last": "0x[0-9a-f]*0fff"' "$W/out")" = 2 ]
oracle 0 $samples/boards.vmr

# The width that it names is the least one.
for kind in --flat --bridges; do
	ends 1 --json -b 36 -M 16G $kind $samples/eight-gpus.lspci
	bits=$(sed -n 's/.*"address_bits_needed": \([0-9]*\),/\1/p' "$W/out")
	oracle 0 -b "$bits" -M 16G $kind $samples/eight-gpus.lspci
	oracle 1 -b $((bits - 1)) -M 16G $kind $samples/eight-gpus.lspci
done

ends 0 --version
[ "$(cat "$W/out")" = "vmr $(sed -n 's/^VERSION.*= *//p' Makefile)" ]

# So is the window: what it names is enough, and a page less is not.
window()
{
	local size=$1

	{
		echo 'machine custom'
		echo 'bits 52'
		echo "window mmio64 0x1100000000-$size 64bit bottom-up"
		echo 'window mmio32 0xc0000000-0xe7ffffff'
	} >"$W/window"
	shift
	"$vmr" --json "$W/window" "$@" >"$W/out"
}

for file in eight-gpus.vmr eight-gpus.lspci; do
	grep -v -E '^(machine|memory|bits)' $samples/$file >"$W/devices"
	window 0x1fffffffff "$W/devices" && die "the window is no limit"
	last=$(sed -n 's/.*"window": "mmio64",.*"last": "\([^"]*\)".*/\1/p' \
		"$W/out")
	window "$last" "$W/devices" || die "$last is not enough"
	perl tools/testing/check/planner/oracle.pl "$W/out"
	window $((last - 0x1000)) "$W/devices" && die "$last is too much"
done

# 80 columns, and no colour into a file; with --color the verdict has one.
for options in "-g -b 46" "--explain -b 40" "-b 36"; do
	# shellcheck disable=SC2086
	"$vmr" $options -M 16G $samples/eight-gpus.lspci >"$W/out" || :
	awk 'NR > 1 && length() > 80 { print; exit 1 }' "$W/out"
done
if grep -q "$(printf '\033')" "$W/out"; then die "colour in a file"; fi
"$vmr" --color always -b 46 $samples/eight-gpus.lspci >"$W/out"
head -n 1 "$W/out" | grep -q "$(printf '^\033')\[1;32m" || die "no colour"

# A terminal has colour, unless NO_COLOR is set, and as many columns as are there.
terminal="stty cols 132; exec $vmr -b 46 -M 16G -o controller $samples/eight-gpus.lspci"
env -u NO_COLOR script -qec "$terminal" /dev/null </dev/null >"$W/out"
grep -q "$(printf '^\033')\[1;32m" "$W/out" || die "no colour on a terminal"
awk 'length() > 81 && length() <= 133 { wide++ } length() > 133 { far++ }
	END { exit !wide || far }' "$W/out" || die "not as wide as the terminal"
NO_COLOR=1 script -qec "$terminal" /dev/null </dev/null >"$W/out"
if grep -q "$(printf '\033')" "$W/out"; then die "NO_COLOR has a colour"; fi

# --explain has a line for each address; --progress a line on standard error.
ends 0 --explain -b 46 $samples/eight-gpus.lspci
sed -n '/^why there/,$p' "$W/out" >"$W/why"
for device in 01:00.0 02:00.0; do
	grep -q "^  $device: bar.* at 0x.*: 64-bit" "$W/why"
done
ends 0 --progress always -b 46 $samples/eight-gpus.lspci
grep -q 'vmr: placing: ' "$W/err"
ends 0 --progress never -b 46 $samples/eight-gpus.lspci
[ ! -s "$W/err" ]

# --for names each device of the host, the width of addresses and the memory.
for vmm in qemu cloud-hypervisor libvirt; do
	ends 0 --bridges --for $vmm -b 46 -M 16G $samples/eight-gpus.lspci
	sed -n '/^options for/,$p' "$W/out" >"$W/options"
	grep -qE "phys-bits=46|max_phys_bits=46|bits='46'" "$W/options"
	grep -qE "16384M|16777216" "$W/options"
	[ "$(grep -cE "0000:0[1-5]:00.0|<source>.* bus='0x0[1-5]' slot='0x00'" \
		"$W/options")" -ge 5 ]
done

# A switch behind a root port: no root port is behind another bridge.
printf '%s\n' 'port root' 'bridge up on root' 'port down count 2 on up' \
	'device disk count 2 on down' 'bar 0 16K 64bit' >"$W/switch"
ends 0 --for qemu "$W/switch"
grep -q 'pcie-root-port,id=root,chassis=1,slot=1,bus=pcie.0,addr=1.0,mem-res' "$W/out"
grep -qE 'x3130-upstream,id=up,bus=root,addr=0.0( |$)' "$W/out"
[ "$(grep -cE 'xio3130-downstream,id=down[01],chassis=[34],slot=[34],bus=up,addr=[01].0( |$)' \
	"$W/out")" = 2 ]
ends 0 --for libvirt "$W/switch"
grep -o "model='pcie-[a-z-]*'" "$W/out" | diff - <(printf "model='pcie-%s'\n" \
	root root-port switch-upstream-port switch-downstream-port \
	switch-downstream-port)

# Each command of the page and of the manual page runs as it stands, and says what the page
# shows. The host is the sample; without root its user sees one device.
page=$W/page
mkdir -p "$page/bin"
ln -sf "$PWD/tools" "$page/tools"
ln -sf "$vmr" "$page/bin/vmr"
cp $samples/eight-gpus.lspci "$page/"
cat >"$page/bin/lspci" <<'END'
#!/bin/sh
[ $# = 0 ] && exec echo '00:02.0 VGA compatible controller: Acme Vision 9'
exec cat eight-gpus.lspci
END
printf '#!/bin/sh\nexec "$@"\n' >"$page/bin/sudo"
chmod +x "$page/bin/lspci" "$page/bin/sudo"
sed -n 's/^   *\(\$ .*\)/\1/p; s/^   *\([a-z][a-z ]*: .*\)/\1/p' Documentation/planner.rst \
	>"$page/lines"
sed -n '/^\.SH EXAMPLES/,$ s/^\(sudo .*\)/$ \1/p' $manual |
	sed "s/\\\\(aq/'/g; s/\\\\-/-/g" >>"$page/lines"
commands=0
while IFS= read -r line; do
	case $line in
	*jq\ *)
		command -v jq >/dev/null || continue
		;;&
	'$ '*)
		commands=$((commands + 1))
		(cd "$page" && PATH=$page/bin:$PATH bash -c "${line#??}") \
			>"$W/out" 2>"$W/err" </dev/null || [ $? -le 3 ]
		if grep -v '^vmr: -:2:7:\|^vmr:   for example' "$W/err"; then
			die "planner.rst: ${line#??}"
		fi
		;;
	vmr:* | *say:*)
		grep -qFx -e "$line" "$W/out" "$W/err" || die "planner.rst: $line"
		;;
	esac
done <"$page/lines"
[ $commands -ge 7 ]
sed -n '/^machine x86-64$/,/msix 9/p' $manual >"$page/example.vmr"
grep -q 'msix 9' "$page/example.vmr"
ends 0 "$page/example.vmr"

# Each form of input on the page of tests has a case of the corpus or a part of this file.
sed -n '/^The forms of input/,/^Every failure/p' Documentation/testing.rst |
	tr '\n' ' ' | sed 's/  */ /g' | grep -oE '"[^"]+"' | tr -d '"' >"$W/forms"
[ "$(wc -l <"$W/forms")" -ge 100 ]
while IFS= read -r form; do
	grep -qFx -e "%% $form" $expected/corpus.txt ||
		grep -qF -e "# $form" tools/testing/check/planner.sh ||
		die "testing.rst: no test is \"$form\""
done <"$W/forms"

# The JSON is as the schema says, with and without failures and unknown facts.
{
	printf '01:00.0 VGA compatible controller: Acme\nhello\n'
	printf '\tRegion 0: Memory at <ignored> (64-bit)\n'
} >"$W/unknown.lspci"
for options in "-b 39" "-b 46 --bridges" "-b 46 $W/unknown.lspci" "--vfs 4"; do
	# shellcheck disable=SC2086
	"$vmr" --json $options $samples/eight-gpus.lspci >"$W/out" || :
	perl tools/testing/check/planner/schema.pl tools/vmr/plan.schema.json \
		"$W/out" || die "schema: $options"
done

# Nearly 100,000 BARs
many()
{
	local i fn

	for ((i = 0; i < 31; i++)); do
		printf 'bridge %s%d on %s\ndevice %s%d_ count 32 on %s%d\n' \
			"$1" $i "$1" "${1}d" $i "$1" $i
		printf 'bar %d 4K\n' 0 1 2 3 4 5
		for fn in 1 2 3 4 5 6 7; do
			printf 'function f%d\n' $fn
			printf 'bar %d 4K\n' 0 1 2 3 4 5
		done
	done
}
{
	printf 'host h%d segment %d\n' 1 1 2 2
	many h1
	many h2
} >"$W/large"
ends 0 -M 4G -b 46 "$W/large"
[ "$(grep -c ': bar[0-5]$' "$W/out")" = $((62 * 32 * 8 * 6)) ]

# The drawing is a tree of elements, inside its own frame.
ends 1 -b 39 -M 64G -s "$W/out.svg" $samples/eight-gpus.vmr
perl tools/testing/check/planner/svg.pl "$W/out.svg"
[ "$(grep -c '>gpu[0-7]: bar2<' "$W/out.svg")" = 2 ]
[ "$(grep -c '>not placed: gpu' "$W/out.svg")" = 6 ]
grep -q '<title id="title">4 of 10 devices fit; gpu2, ' "$W/out.svg"
grep -q '<desc id="desc">The guest physical addresses' "$W/out.svg"
grep -q '>scale: a pixel for each doubling<' "$W/out.svg"

# Whatever it is given it ends, with a verdict or a complaint.
$VMR_MAKE O="$W/asan" CC=gcc CFLAGS=-O1 \
	EXTRA_CFLAGS='-fsanitize=address,undefined -fno-sanitize-recover=all' \
	EXTRA_LDFLAGS='-fsanitize=address,undefined' vmr
vmr=$W/asan/vmr
perl tools/testing/check/planner/damage.pl "$vmr" "$W" $samples/*.vmr $samples/*.lspci
