// Who is next: a smooth weighted round robin, so that a small share is spread evenly and not served in bursts (pure).

/** One that takes part, with its share. */
export interface Weighted {
  readonly id: string
  /** At least 0; 0 takes no part. */
  readonly weight: number
}

/** How far each is behind its share. */
export type Turn = ReadonlyMap<string, number>

/** The order in which to try, and the turn after it. The first is the one whose turn it is; O(n log n). */
export function takeTurn<Member extends Weighted>(
  members: readonly Member[],
  turn: Turn,
): { readonly order: readonly Member[]; readonly turn: Turn } {
  const taking = members.filter(({ weight }) => weight > 0)
  const total = taking.reduce((sum, { weight }) => sum + weight, 0)
  const due = new Map(taking.map(({ id, weight }) => [id, (turn.get(id) ?? 0) + weight]))
  const order = taking.toSorted((a, b) => (due.get(b.id) ?? 0) - (due.get(a.id) ?? 0))
  const [first] = order
  if (first !== undefined) due.set(first.id, (due.get(first.id) ?? 0) - total)
  return { order, turn: due }
}

/** The order by requests under way in relation to the share, fewest first. */
export function leastBusy<Member extends Weighted>(
  members: readonly Member[],
  underWay: (id: string) => number,
): readonly Member[] {
  const load = ({ id, weight }: Weighted): number => (underWay(id) + 1) / weight
  return members.filter(({ weight }) => weight > 0).toSorted((a, b) => load(a) - load(b))
}
