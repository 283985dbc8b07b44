// The door to explanations: why a model predicts what it does, by Shapley values, paths of gradients, or a local linear model.
export { exactShapley, maxExactGroups } from './exact.ts'
export {
  checkGame,
  type Explanation,
  type FeatureGroup,
  type Game,
  type GameOptions,
  type Predict,
  type Rows,
} from './game.ts'
export { expectedDifferences, expectedGradients, type Gradient } from './gradients.ts'
export { channelGroups, singletons } from './groups.ts'
export { type KernelOptions, kernelShap } from './kernel.ts'
export { type LimeExplanation, type LimeOptions, limeTabular } from './lime.ts'
export { type LinearModel, linearShapley } from './linear.ts'
export { type PermutationOptions, permutationShapley } from './permutation.ts'
export { predictTrees, type Tree, type TreeEnsemble } from './tree.ts'
export { treeInterventional } from './tree-interventional.ts'
export { treePathDependent } from './tree-path.ts'
