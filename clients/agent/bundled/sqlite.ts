// Stands in the bundle for the module, which an older Node does not have: it would end with a stack before the first line that can say so.
export const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
