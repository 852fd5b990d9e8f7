// Who signs a manifest has to write it as who verifies it does: clients are given the one way.
export { canonicalJson } from '../events/canonical-json.ts'
