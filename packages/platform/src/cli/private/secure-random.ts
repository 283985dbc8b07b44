// Random numbers from the operating system, for the noise that hides.

/** A uniform number in (0, 1). */
export function secureUniform(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1))
  return (word + 0.5) / 2 ** 32
}
