// Ends the session of a screen that was left: after an hour without a key or a touch, as the gateway does without requests.
import { useEffect, useRef } from 'react'
import { useSignOut } from './session.ts'

const idleMs = 60 * 60_000
const checkMs = 30_000
const signs = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const

/** Signs out when nobody uses the screen for an hour; sleeping computers are noticed when they wake. */
export function useIdleSignOut(): void {
  const signOut = useSignOut()
  const seenAt = useRef(Date.now())
  useEffect(() => {
    const seen = (): void => {
      seenAt.current = Date.now()
    }
    const timer = setInterval(() => {
      if (Date.now() - seenAt.current >= idleMs) void signOut()
    }, checkMs)
    for (const sign of signs) document.addEventListener(sign, seen, { passive: true, capture: true })
    return () => {
      clearInterval(timer)
      for (const sign of signs) document.removeEventListener(sign, seen, { capture: true })
    }
  }, [signOut])
}
