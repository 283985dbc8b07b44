// Who may reach a gateway: what would carry records or demo sign-in to other machines in the open is refused at the start.
import { AppError } from '@xinglin/core/errors'
import { isLoopback } from '../../kernel/loopback.ts'

/** The settings that decide it. */
export interface Exposure {
  readonly host: string
  readonly tlsHost: string | undefined
  readonly tlsCertificate: string | undefined
  readonly tlsKey: string | undefined
  readonly isBehindTls: boolean
  readonly demo: boolean | undefined
  readonly adminHost: string
  readonly adminToken: string | undefined
}

const isOpen = (host: string | undefined): boolean => host !== undefined && !isLoopback(host)

function refuse(sentence: string): never {
  throw new AppError('invalid-parameter', sentence)
}

/** Whether the people of the demo can sign in: as set, else where no other machine reaches the gateway. */
export function isDemoOn({ demo, host, tlsHost }: Pick<Exposure, 'demo' | 'host' | 'tlsHost'>): boolean {
  return demo ?? !(isOpen(host) || isOpen(tlsHost))
}

/** @throws AppError 'invalid-parameter' saying what would be open, and what to do */
export function checkExposure(settings: Exposure): void {
  const { host, tlsHost, isBehindTls, adminHost, adminToken } = settings
  if (isOpen(adminHost) && adminToken === undefined) {
    refuse('KONG_ADMIN_TOKEN must be set when KONG_ADMIN_HOST is not a loopback address')
  }
  if (tlsHost !== undefined && (settings.tlsCertificate === undefined || settings.tlsKey === undefined)) {
    refuse(
      'GATEWAY_TLS_CERT and GATEWAY_TLS_KEY must be set when GATEWAY_TLS_HOST is: `xinglin start --lan` makes them',
    )
  }
  const open = isOpen(host) ? `HOST=${host}` : `GATEWAY_TLS_HOST=${tlsHost}`
  if ((isOpen(host) || isOpen(tlsHost)) && isDemoOn(settings)) {
    refuse(
      `${open} lets other machines in while anybody can sign in as the demo people: set DEMO=false, or listen on 127.0.0.1`,
    )
  }
  if (isOpen(host) && !isBehindTls) {
    refuse(
      `HOST=${host} would send records in plain text to other machines: use \`xinglin start --lan\` or GATEWAY_TLS_HOST with a certificate, or say GATEWAY_BEHIND_TLS=true where a proxy in front ends TLS`,
    )
  }
}
