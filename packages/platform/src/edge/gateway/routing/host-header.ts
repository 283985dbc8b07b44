// Whether a request names one host: two would mean different things to the gateway and to a service (RFC 9112 3.2; pure).

// uri-host [ ":" port ] (RFC 3986 3.2.2), in the characters that may stand there.
const hostValue = /^[A-Za-z0-9._~!$&'()*+,;=%:[\]-]*$/

/** Says whether raw headers (name, value, name, value …) hold exactly one Host whose value can be one. */
export function namesOneHost(rawHeaders: readonly string[]): boolean {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length !== 4 || name.toLowerCase() !== 'host') continue
    count += 1
    if (!hostValue.test(rawHeaders[at + 1] ?? '')) return false
  }
  return count === 1
}
