# Runs a command in a pseudo terminal: waits for texts and types answers. Prints what the terminal showed.
# terminal.py COLUMNS STEPS COMMAND...; STEPS is a JSON list of [text to wait for, what is typed then].

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

columns, steps, command = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
shown, seen, done = b"", 0, 0
ends = time.monotonic() + 100
while time.monotonic() < ends:
    ready, _, _ = select.select([terminal], [], [], 0.2)
    if ready:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    if done < len(steps) and steps[done][0].encode() in shown[seen:]:
        seen = len(shown)
        # A prompt reads keys once it is drawn.
        time.sleep(0.2)
        os.write(terminal, steps[done][1].encode())
        done += 1
else:
    os.kill(child, 9)
_, status = os.waitpid(child, 0)
print(json.dumps({"code": os.waitstatus_to_exitcode(status), "steps": done, "shown": shown.decode(errors="replace")}))
