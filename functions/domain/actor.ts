/** Who acts where nobody does. */
export const systemActor = 'drydock'
