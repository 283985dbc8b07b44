// Which headers of a service's answer pass the edge: those from end to end, and no cookie that signs in at the console (pure).
import { type Fields, fieldOf } from '../http1/index.ts'
import { sessionCookie } from '../session/sessions.ts'
import { connectionOptions, isHopByHop } from './headers.ts'

const signsIn = (cookie: string): boolean => cookie.split('=', 1)[0]?.trim() === sessionCookie

/** The same fields without those; names and values in turn. */
export function answerFields(status: number, fields: Fields): string[] {
  const named = connectionOptions(fieldOf(fields, 'connection'))
  const kept: string[] = []
  for (let at = 0; at < fields.length; at += 2) {
    const [name = '', value = ''] = [fields[at], fields[at + 1]]
    if (name === 'content-length' && status === 204) continue // promises what never comes (RFC 9110, 8.6)
    if (isHopByHop(name) || named?.has(name) === true || (name === 'set-cookie' && signsIn(value))) continue
    kept.push(name, value)
  }
  return kept
}
