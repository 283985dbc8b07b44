// What a terminal says to somebody with a phone in the hand: a code to photograph, and how to trust the certificate.
import { X509Certificate } from 'node:crypto'
import { renderUnicodeCompact } from 'uqr'

/** The lines for the port that other machines reach; `authority` in PEM where it is an own one. */
export function phoneLines(url: string, authority: string | undefined): readonly string[] {
  const trust =
    authority === undefined
      ? []
      : [
          `The phone will not know this certificate yet. Open ${url}/ca.crt once, install it, and trust it only if its`,
          'SHA-256 fingerprint is the same as here:',
          `  ${new X509Certificate(authority).fingerprint256}`,
          'iOS: Settings → General → VPN & Device Management, then About → Certificate Trust Settings.',
          'Android: Settings → Security → Encryption & credentials → Install a certificate → CA certificate.',
        ]
  return ['', `For phones and other machines of this network: ${url}/app`, renderUnicodeCompact(`${url}/app`), ...trust]
}
