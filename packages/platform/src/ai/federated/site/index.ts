// The door for hospitals: a Flower client in TypeScript. It stands apart so that the server does not load it.
export {
  type Evaluated,
  type Fitted,
  type JoinOptions,
  type JoinReport,
  joinFederation,
  type SiteWork,
} from '../flower/client.ts'
export type { Scalars } from '../flower/messages.ts'
export { icuSiteWork } from './icu-work.ts'
