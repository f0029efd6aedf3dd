/** The beginning of a key in Base64, PEM, hex digits or raw bytes, or of OpenSSH's. */
export const KEY_BEGINNING: RegExp =
  /^\s*(?:MI[A-Z]|-----BEGIN |308[0-9]|0[\x80-\xff]|ssh-)/;

/** That of a key in raw bytes. */
export const RAW_KEY_BEGINNING: RegExp = /^0[\x80-\xff]/;
