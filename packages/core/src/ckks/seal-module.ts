// The part of node-seal that is used here, as a type: the instance is given as an argument, in Node and in the browser (types only).

/** Anything that lives in WebAssembly memory and must be given back. */
export interface Handle {
  delete(): void
}

/** A SEAL object that is written as bytes. */
export interface Saved extends Handle {
  saveToArray(compression: SealEnum): unknown
}

/** A SEAL object that is read from bytes. */
export interface Stored extends Saved {
  loadFromArray(context: SealContext, bytes: unknown): void
}

/** A value of one of SEAL's enumerations. */
export interface SealEnum {
  readonly value: number
}

/** The parameters as SEAL holds them. */
export interface SealParameters extends Saved {
  setPolyModulusDegree(degree: number): void
  setCoeffModulus(primes: Handle): void
  loadFromArray(bytes: unknown): void
}

/** Names one level of the chain of moduli. */
export type LevelId = Handle

/** One level of the chain. */
export interface LevelData extends Handle {
  parmsId(): LevelId
  nextContextData(): LevelData
}

/** A context: parameters with everything computed from them. */
export interface SealContext extends Handle {
  parametersSet(): boolean
  firstContextData(): LevelData
}

/** An encrypted polynomial pair. */
export interface SealCiphertext extends Stored {
  isTransparent(): boolean
  coeffModulusSize(): number
  size(): number
  scale(): number
  setScale(scale: number): void
  parmsId(): LevelId
  copy(): SealCiphertext
}

/** An encoded vector. */
export interface SealPlaintext extends Stored {
  scale(): number
}

/** Arithmetic on ciphertexts. */
export interface SealEvaluator extends Handle {
  add(left: SealCiphertext, right: SealCiphertext, to: SealCiphertext): void
  addInplace(left: SealCiphertext, right: SealCiphertext): void
  sub(left: SealCiphertext, right: SealCiphertext, to: SealCiphertext): void
  negate(of: SealCiphertext, to: SealCiphertext): void
  addPlain(of: SealCiphertext, plain: SealPlaintext, to: SealCiphertext): void
  multiply(left: SealCiphertext, right: SealCiphertext, to: SealCiphertext): void
  square(of: SealCiphertext, to: SealCiphertext): void
  multiplyPlain(of: SealCiphertext, plain: SealPlaintext, to: SealCiphertext): void
  relinearizeInplace(of: SealCiphertext, keys: Stored): void
  rescaleToNextInplace(of: SealCiphertext): void
  cipherModSwitchTo(of: SealCiphertext, level: LevelId, to: SealCiphertext): void
  plainModSwitchToInplace(of: SealPlaintext, level: LevelId): void
  rotateVector(of: SealCiphertext, steps: number, keys: Stored, to: SealCiphertext): void
}

/** Writes vectors as polynomials and reads them back. */
export interface SealEncoder extends Handle {
  encode(values: unknown, scale: number, to: SealPlaintext): void
  decodeFloat64(plain: SealPlaintext): unknown
}

/** Makes keys. */
export interface SealKeyGenerator extends Handle {
  secretKey(): Stored
  createPublicKey(): Stored
  createRelinKeysSerializable(): Saved
  createGaloisKeysSerializableWithSteps(steps: unknown): Saved
}

/** Encrypts with a public key. */
export interface SealEncryptor extends Handle {
  encrypt(plain: SealPlaintext, to: SealCiphertext): void
}

/** Decrypts with the secret key. */
export interface SealDecryptor extends Handle {
  decrypt(of: SealCiphertext, to: SealPlaintext): void
}

/** The module that node-seal initialises. */
export interface SealModule {
  readonly SchemeType: { readonly ckks: SealEnum }
  readonly SecLevelType: { readonly tc128: SealEnum }
  readonly ComprModeType: { readonly none: SealEnum; readonly zstd: SealEnum }
  readonly CoeffModulus: { Create(degree: number, bits: unknown): Handle }
  readonly EncryptionParameters: new (scheme: SealEnum) => SealParameters
  readonly SEALContext: new (parameters: SealParameters, hasChain: boolean, security: SealEnum) => SealContext
  readonly Evaluator: new (context: SealContext) => SealEvaluator
  readonly CKKSEncoder: new (context: SealContext) => SealEncoder
  readonly KeyGenerator: new (context: SealContext) => SealKeyGenerator
  readonly Encryptor: new (context: SealContext, key: Stored) => SealEncryptor
  readonly Decryptor: new (context: SealContext, key: Stored) => SealDecryptor
  readonly Ciphertext: new () => SealCiphertext
  readonly Plaintext: new () => SealPlaintext
  readonly PublicKey: new () => Stored
  readonly SecretKey: new () => Stored
  readonly RelinKeys: new () => Stored
  readonly GaloisKeys: new () => Stored
}
