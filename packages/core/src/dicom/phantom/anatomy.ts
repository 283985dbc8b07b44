// The fixed anatomy of the phantom: body, lungs, heart, diaphragm, spine, ribs and the scanner's table, as CT numbers.
// Sizes are those of an average adult; CT numbers of tissues after Kak & Slaney (air -1000, lung -860, fat -100, soft 40).

/** Height of the lungs in mm, from -120 at the base to 120 at the apex. */
export const lungHeightMm = 240

const air = -1000
const lung = -860
const fat = -100
const muscle = 40
const bone = 550
const marrow = 220
const table = -250

const body = { x: 165, y: 115 }
const lungShape = { centreX: 72, x: 58, y: 88 }
const dome = { centreX: 72, x: 75, y: 110, heightMm: 38 }
const heart = { x: 22, y: -22, z: -55, radiusX: 48, radiusY: 44, radiusZ: 52 }
const spine = { y: 72, radius: 17, rim: 3 }
const ribs = { inner: 0.87, outer: 0.93, everyMm: 26, widthMm: 10, slope: 0.35 }

const square = (value: number): number => value * value

// The lungs are widest below the middle and taper towards the apex.
function lungScale(z: number): number {
  const height = z / lungHeightMm + 0.5
  if (height < 0 || height > 1) return 0
  return height < 0.35 ? 1 : Math.sqrt(1 - square((height - 0.35) / 0.7))
}

function isHeart(x: number, y: number, z: number): boolean {
  const { radiusX, radiusY, radiusZ } = heart
  return square((x - heart.x) / radiusX) + square((y - heart.y) / radiusY) + square((z - heart.z) / radiusZ) < 1
}

function isUnderDiaphragm(x: number, y: number, z: number): boolean {
  const fall = square((Math.abs(x) - dome.centreX) / dome.x) + square(y / dome.y)
  return z < dome.heightMm * (1 - fall) - lungHeightMm / 2
}

/** Says whether a point (mm, LPS) lies in a lung. */
export function isLung(x: number, y: number, z: number): boolean {
  const scale = lungScale(z)
  if (scale === 0) return false
  const across = (Math.abs(x) - lungShape.centreX) / (lungShape.x * scale)
  const deep = y / (lungShape.y * scale)
  return square(across) + square(deep) < 1 && !isHeart(x, y, z) && !isUnderDiaphragm(x, y, z)
}

function wall(x: number, y: number, z: number, radius: number): number {
  const fromSpine = Math.hypot(x, y - spine.y)
  if (fromSpine < spine.radius) return fromSpine < spine.radius - spine.rim ? marrow : bone
  if (radius > ribs.outer) return fat
  const phase = (((z + ribs.slope * y) % ribs.everyMm) + ribs.everyMm) % ribs.everyMm
  return radius > ribs.inner && phase < ribs.widthMm ? bone : muscle
}

/** CT number (HU) of the tissue at a point (mm, LPS), without vessels, airways, nodules and noise. */
export function tissueHu(x: number, y: number, z: number): number {
  const radius = Math.hypot(x / body.x, y / body.y)
  if (radius > 1) return y > 126 && y < 132 && Math.abs(x) < 150 ? table : air
  // The lung is denser towards the back, where its weight rests on it.
  if (isLung(x, y, z)) return lung + 0.45 * y
  return wall(x, y, z, radius)
}
