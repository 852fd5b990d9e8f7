/**
 * Stands in bundles for `ajv` and `ajv-formats`, by which the SDK of the Model Context Protocol would check what people answer to questions that a
 * server asks. Ours asks none, and gives the SDK a validator of its own, so that this is never made.
 */
export default class AnswersUnchecked {
  constructor() {
    throw new Error('No function checks by JSON Schema what is answered over MCP.')
  }
}
