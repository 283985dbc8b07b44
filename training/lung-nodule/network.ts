// The network of the recipe, at any size of image: the same weights serve pieces, crops and whole slices.
import { type Model, unet } from '@xinglin/core/learn'
import { recipe } from './options.ts'

/** The U-Net for square images of `size` pixels. */
export function lungNoduleUnet(size: number): Model {
  return unet({ base: recipe.base, depth: recipe.depth, size: [size, size], normalisation: 'batch' })
}
