// What is shown of the article: scenes, each of a section, played on a running system.
import type { Answer, Ask } from '../../packages/platform/src/cli/demo/stage.ts'
import type { RunState } from '../../packages/platform/src/cli/run-state.ts'
import type { Names } from './name-proxy.ts'

/** What a scene plays on. */
export interface ArticleStage {
  readonly system: RunState
  /** The text, where it is at hand. */
  readonly article: string | undefined
  /** A Python with the peers (`flwr`, `tenseal`, `tritonclient`, `shap`, `torch`), where there is one. */
  readonly python: string | undefined
  /** The port that a setting names, e.g. `KSERVE_HTTP_PORT`. */
  port(env: string): number
  token(role: string): Promise<string>
  ask(pathOrUrl: string, ask?: Ask): Promise<Answer>
  /** Runs a program whose text uses the article's names; resolves with what it printed. @throws Error with its output when it fails */
  run(program: Program): Promise<string>
}

/** A program to be run as printed. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
  /** The names that its text uses; `direct` for programs of ours, which are told addresses. */
  readonly names: Names | 'direct'
  /** Files beside it, by name, in a fresh folder in which it runs. */
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

/** One thing shown. */
export interface Scene {
  /** As the article counts, e.g. `3.1`. */
  readonly section: string
  /** `printed`: the article's own snippet; `ours`: our example of the same. */
  readonly kind: 'printed' | 'ours'
  readonly title: string
  /** It starts systems of its own, which has tests of its own: `npm run article` plays it, `npm test` does not again. */
  readonly isLong?: true
  /** @returns what was seen @throws Skipped with how to get what is missing; any other error when it does not hold */
  play(stage: ArticleStage): Promise<string>
}

/** Something that the scene needs is not here. */
export class Skipped extends Error {}

/** The article, or a reason to skip. */
export function needArticle({ article }: ArticleStage): string {
  if (article === undefined) throw new Skipped('the article’s text is not here: give it with --text FILE')
  return article
}

/** The Python with the peers, or a reason to skip. */
export function needPython({ python }: ArticleStage): string {
  if (python === undefined) {
    throw new Skipped('no Python with the peers: see conformance/article/README.md, then set XINGLIN_PEERS_PYTHON')
  }
  return python
}
