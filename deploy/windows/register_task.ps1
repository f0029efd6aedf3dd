# Registers the relay as a task that starts with the machine. Run it as
# administrator, in the folder of the clone.

$relay = "C:\deno\deno.exe run --no-prompt --cached-only --frozen --allow-read --allow-write --allow-env=MESSAGEU_STORE --allow-run=C:\deno\deno.exe server/launch/launch.ts --dir C:\ProgramData\MessageU --port 1357 --metrics 127.0.0.1:9357 --stop-with-file C:\ProgramData\MessageU\stop"

# A task's output is lost, so the shell appends it to a file.
$action = New-ScheduledTaskAction `
  -Execute "cmd.exe" `
  -Argument "/d /s /c `"set DENO_DIR=C:\deno\cache&& $relay >>C:\ProgramData\MessageU\relay.log 2>&1`"" `
  -WorkingDirectory "C:\messageu"

# Tasks end after three days, and on batteries, by default.
$settings = New-ScheduledTaskSettingsSet `
  -ExecutionTimeLimit ([TimeSpan]::Zero) `
  -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries `
  -RestartCount 999 -RestartInterval (New-TimeSpan -Minutes 1)

Register-ScheduledTask `
  -TaskName "MessageURelay" `
  -Action $action `
  -Settings $settings `
  -Trigger (New-ScheduledTaskTrigger -AtStartup) `
  -Principal (New-ScheduledTaskPrincipal -UserId "NT AUTHORITY\LOCAL SERVICE" -LogonType ServiceAccount)
