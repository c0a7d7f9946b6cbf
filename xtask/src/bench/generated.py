"""Writes C beside what cantools generates from a DBC file: a program that decodes a log to double, as the core's benchmark does.

Arguments: the DBC file, the log, the folder to write to. The log's frames become a C array, so that no parsing is measured.
"""

import re
import subprocess
import sys
from pathlib import Path

import cantools

dbc, log, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
cantools_program = Path(sys.executable).with_name("cantools")
subprocess.run(
    [cantools_program, "generate_c_source", "--no-strict", "--database-name", "car", "-o", folder, dbc],
    check=True,
    stdout=subprocess.DEVNULL,
)
header = (folder / "car.h").read_text()
database = cantools.database.load_file(dbc, strict=False)


def snake(name):
    """The name of a message or a signal in the generated C."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    name = re.sub(r"(_+)", "_", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


cases = []
for message in database.messages:
    name = snake(message.name)
    struct = re.search(r"struct car_%s_t \{(.*?)\n\};" % re.escape(name), header, re.S)
    if struct is None or message.frame_id == 0x40000000:
        continue
    fields = re.findall(r"^\s+\w+ (\w+);$", struct.group(1), re.M)
    by_field = {snake(signal.name): signal for signal in message.signals}
    lines = []
    for field in fields:
        signal = by_field.get(field)
        if signal is None or "car_%s_%s_decode(" % (name, field) not in header:
            continue
        call = "values[n++] = car_%s_%s_decode(s.%s);" % (name, field, field)
        if signal.multiplexer_ids:
            switch = snake(signal.multiplexer_signal)
            test = " || ".join("s.%s == %d" % (switch, value) for value in signal.multiplexer_ids)
            call = "if (%s) { %s }" % (test, call)
        lines.append("            " + call)
    if lines:
        identifier = message.frame_id | (0x80000000 if message.is_extended_frame else 0)
        cases.append(
            "        case 0x%xu: {\n            struct car_%s_t s;\n            if (car_%s_unpack(&s, f->data, f->len) != 0) { break; }\n%s\n            break;\n        }"
            % (identifier, name, name, "\n".join(lines))
        )

frames = []
for line in open(log):
    found = re.match(r"\([0-9.]+\) \S+ ([0-9A-F]+)#([0-9A-F]*)$", line.strip())
    if found:
        digits, data = found.groups()
        identifier = int(digits, 16) | (0x80000000 if len(digits) == 8 else 0)
        bytes_ = bytes.fromhex(data)
        frames.append("{0x%xu,%d,{%s}}," % (identifier, len(bytes_), ",".join(map(str, bytes_)) or "0"))

(folder / "main.c").write_text(
    """#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "car.h"

struct frame { uint32_t id; uint8_t len; uint8_t data[8]; };
static const struct frame frames[] = {
%s
};
static double values[4096];

static size_t decode(const struct frame *f) {
    size_t n = 0;
    switch (f->id) {
%s
        default: break;
    }
    return n;
}

int main(int argc, char **argv) {
    size_t count = sizeof frames / sizeof frames[0], decoded = 0;
    unsigned passes = (unsigned)atoi(argv[argc - 1]);
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (unsigned pass = 0; pass < passes; pass++) {
        decoded = 0;
        for (size_t i = 0; i < count; i++) {
            decoded += decode(&frames[i]);
            __asm__ volatile("" : : "r"(values) : "memory");
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    double ns = (double)(ended.tv_sec - began.tv_sec) * 1e9 + (double)(ended.tv_nsec - began.tv_nsec);
    printf("%%zu %%zu %%.2f\\n", count, decoded, passes ? ns / ((double)passes * (double)count) : 0.0);
    return 0;
}
"""
    % ("\n".join(frames), "\n".join(cases))
)
