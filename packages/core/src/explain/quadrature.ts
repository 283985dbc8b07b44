// Gauss–Legendre quadrature on [0, 1]: few nodes integrate a smooth path to rounding.

/** Nodes in (0, 1) and their weights, which add up to 1. */
export interface Quadrature {
  readonly nodes: Float64Array
  readonly weights: Float64Array
}

// Legendre's polynomial of degree n and its derivative at x, by the three-term recurrence.
function legendre(n: number, x: number): readonly [value: number, slope: number] {
  let before = 1
  let value = x
  for (let k = 2; k <= n; k += 1) {
    const next = ((2 * k - 1) * x * value - (k - 1) * before) / k
    before = value
    value = next
  }
  return [value, (n * (x * value - before)) / (x * x - 1)]
}

/** The rule of `count` nodes (at least 2), exact for polynomials of degree `2 count - 1` (Abramowitz and Stegun 25.4.30). */
export function gaussLegendre(count: number): Quadrature {
  const nodes = new Float64Array(count)
  const weights = new Float64Array(count)
  for (let at = 0; at < count; at += 1) {
    let x = Math.cos((Math.PI * (at + 0.75)) / (count + 0.5))
    for (let round = 0; round < 50; round += 1) {
      const [value, slope] = legendre(count, x)
      const step = value / slope
      x -= step
      if (Math.abs(step) < 1e-16) break
    }
    const [, slope] = legendre(count, x)
    nodes[at] = (1 - x) / 2
    weights[at] = 1 / ((1 - x * x) * slope * slope)
  }
  return { nodes, weights }
}
