/** A day of the week that counts within its month: the so manieth, or the last. */
export interface MonthlyWeekday {
  /** 0 is Sunday. */
  readonly weekday: number
  readonly nth: number | 'last'
}

/** The five fields, their values written out. */
export interface CronFields {
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  /** 1 to 12. */
  readonly months: ReadonlySet<number>
  /** Null where no days are set: every day, as far as this field goes. Both day fields set means either. */
  readonly days: { readonly dates: ReadonlySet<number>; readonly last: boolean } | null
  readonly weekdays: {
    readonly plain: ReadonlySet<number>
    readonly monthly: readonly MonthlyWeekday[]
  } | null
}
