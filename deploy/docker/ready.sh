#!/bin/bash
# Whether the relay is ready, by its /readyz. The shell itself asks: a runtime
# for each check would cost more than an idle relay.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/${1:-9100}"
printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3
read -r _ status _ <&3
test "$status" = 200
