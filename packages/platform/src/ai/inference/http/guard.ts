// Who may call the ports that trust their machine: holders of the token where one is set, else programs here and no web page.
import type { IncomingMessage } from 'node:http'
import { AppError } from '@xinglin/core/errors'
import { holdsToken } from '../../../kernel/bearer-token.ts'
import { isOwnPage, isTrustedHost, originOf } from '../../../kernel/local-request.ts'
import { isLoopback } from '../../../kernel/loopback.ts'
import { TritonError } from '../protocol/triton-error.ts'

/** What the guard goes by. */
export interface GuardOptions {
  readonly token: string | undefined
  /** Host names with dots that are trusted too. */
  readonly allowedHosts: readonly string[]
}

/** Refuses whoever may not call. @throws TritonError FORBIDDEN */
export function checkCaller(request: IncomingMessage, { token, allowedHosts }: GuardOptions): void {
  const from = originOf(request)
  if (!isOwnPage(from)) throw new TritonError('FORBIDDEN', 'the inference server does not answer pages of other sites')
  if (token !== undefined) {
    if (holdsToken(request.headers.authorization, token)) return
    throw new TritonError('FORBIDDEN', 'a valid token is needed in the header Authorization')
  }
  if (!isTrustedHost(from.host, allowedHosts)) {
    throw new TritonError(
      'FORBIDDEN',
      'the inference server does not answer this host name; see INFERENCE_ALLOWED_HOSTS',
    )
  }
}

/** Refuses to listen beyond this machine without a token. @throws AppError 'invalid-parameter' */
export function checkExposure(host: string, token: string | undefined): void {
  if (isLoopback(host) || token !== undefined) return
  throw new AppError('invalid-parameter', 'INFERENCE_TOKEN must be set when INFERENCE_HOST is not a loopback address')
}
