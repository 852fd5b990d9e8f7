/** The names of the environment variables by which the deployed stack tells the functions where things are. */
export const environmentNames = {
  logTable: 'LOG_TABLE',
  viewsTable: 'VIEWS_TABLE',
  workTable: 'WORK_TABLE',
  busName: 'BUS_NAME',
  upgradeMachineArn: 'UPGRADE_MACHINE_ARN',
  roleClaim: 'ROLE_CLAIM',
  windowsFunctionArn: 'WINDOWS_FUNCTION_ARN',
  windowsRoleArn: 'WINDOWS_ROLE_ARN',
  windowsDeadLettersArn: 'WINDOWS_DEAD_LETTERS_ARN',
} as const

export type EnvironmentName = keyof typeof environmentNames

/** Returns the value of one environment variable; throws an error that names it when the stack did not set it. */
export function environment(name: EnvironmentName): string {
  const value = process.env[environmentNames[name]]
  if (value === undefined || value === '') {
    throw new Error(
      `The environment variable ${environmentNames[name]} is not set: every function gets it from the stack.`,
    )
  }
  return value
}

/** The names of indexes and partitions that the stack and the functions share. */
export const catalogueIndex = 'Catalogue'

/** The group of the one-shot schedules of windows; the function that they call is named after it. */
export const windowScheduleGroup = 'drydock'
