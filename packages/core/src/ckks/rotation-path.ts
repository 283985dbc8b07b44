// Which Galois keys make a rotation: one key where there is one for it, else a sum of steps that have keys (pure).
import { AppError } from '../errors/index.ts'
import type { Machine } from './program.ts'

const maxRotations = 64

// The fewest powers of two, some of them to the right, that add up to the steps (non-adjacent form).
function signedPowers(steps: number): readonly number[] {
  const parts: number[] = []
  let rest = steps
  for (let power = 1; rest !== 0; power *= 2, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 0) continue
    const digit = 2 - (rest % 4)
    parts.push(digit * power)
    rest -= digit
  }
  return parts
}

function powers(steps: number): readonly number[] {
  const parts: number[] = []
  for (let power = 1; power <= steps; power *= 2) if (Math.floor(steps / power) % 2 === 1) parts.push(power)
  return parts
}

/**
 * The rotations, each with a key of its own, that turn the slots by so many steps to the left (negative: to the right).
 * @returns steps to the left, 1 to N/2 - 1 each; none for a turn of nothing
 * @throws AppError 'unprocessable' naming the keys that are missing
 */
export function rotationPath({ degree, rotations }: Machine, by: number): readonly number[] {
  const slots = degree / 2
  if (!Number.isInteger(by)) throw new AppError('unprocessable', 'A vector is rotated by a whole number of places')
  const steps = ((by % slots) + slots) % slots
  if (steps === 0) return []
  const known = new Set(rotations)
  const ways = [[steps], signedPowers(steps).map((part) => (part + slots) % slots), powers(steps)]
  const way = ways.find((parts) => parts.length <= maxRotations && parts.every((part) => part === 0 || known.has(part)))
  if (way !== undefined) return way.filter((part) => part !== 0)
  const missing = powers(steps).filter((part) => !known.has(part))
  throw new AppError(
    'unprocessable',
    `A rotation by ${by} needs Galois keys for ${steps}, or for ${missing.join(', ')} besides those of the context: make keys with these rotations`,
  )
}
