// The door to served models over KServe v2.
export { createKserveModels, type KserveModelsOptions, type SendRequest } from './models.ts'
