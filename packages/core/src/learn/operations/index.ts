// The door to the operations that models of one's own are made of; each works on a tape and carries its gradient.
export { convolution, upConvolution } from './convolution.ts'
export { dense } from './dense.ts'
export { add, dropout, multiply, relu, sigmoid, softmax, tanh } from './elementwise.ts'
export { lstmLast, lstmSequence } from './lstm.ts'
export { markMissing } from './missing.ts'
export { batchNorm, groupNorm } from './normalisation.ts'
export { joinChannels, maxPool, upsample } from './pooling.ts'
