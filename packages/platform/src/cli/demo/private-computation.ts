// Computed without being read: key owner and data owners in processes of their own, this system as the server.
import { playCohort, playRiskScore, type StoryEnd, type StoryPlace } from '../private/story.ts'
import type { Stage } from './stage.ts'

const chapter = 'Computed without being read'

/** Plays the chapter. */
export async function playPrivateComputation(stage: Stage, place: StoryPlace): Promise<void> {
  const told = (story: (at: StoryPlace) => Promise<StoryEnd>) => async () => (await story(place)).seen
  await stage.scene(chapter, 'the risk score of an age that stays encrypted', told(playRiskScore))
  await stage.scene(chapter, 'three hospitals add up what none shows the others', told(playCohort))
}
