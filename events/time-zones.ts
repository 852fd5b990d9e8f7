/**
 * Names of the IANA database (release 2026f) that runtimes know but do not list: the links of its file `backward` and the fixed offsets, by
 * area. Those without an area are left out but for UTC and GMT: runtimes read BST as Dhaka and EST as a zone without daylight saving time.
 */
const unlisted: Readonly<Record<string, string>> = {
  Africa:
    'Accra Addis_Ababa Asmara Asmera Bamako Bangui Banjul Blantyre Brazzaville Bujumbura Conakry ' +
    'Dakar Dar_es_Salaam Djibouti Douala Freetown Gaborone Harare Kampala Kigali Kinshasa ' +
    'Libreville Lome Luanda Lubumbashi Lusaka Malabo Maseru Mbabane Mogadishu Niamey Nouakchott ' +
    'Ouagadougou Porto-Novo Timbuktu',
  America:
    'Anguilla Antigua Argentina/Buenos_Aires Argentina/Catamarca Argentina/ComodRivadavia ' +
    'Argentina/Cordoba Argentina/Jujuy Argentina/Mendoza Aruba Atikokan Atka Blanc-Sablon ' +
    'Buenos_Aires Catamarca Cayman Coral_Harbour Cordoba Creston Curacao Dominica Ensenada ' +
    'Fort_Wayne Godthab Grenada Guadeloupe Indiana/Indianapolis Indianapolis Jujuy ' +
    'Kentucky/Louisville Knox_IN Kralendijk Louisville Lower_Princes Marigot Mendoza Montreal ' +
    'Montserrat Nassau Nipigon Nuuk Pangnirtung Port_of_Spain Porto_Acre Rainy_River Rosario ' +
    'Santa_Isabel Shiprock St_Barthelemy St_Kitts St_Lucia St_Thomas St_Vincent Thunder_Bay Tortola ' +
    'Virgin Yellowknife',
  Antarctica: 'DumontDUrville McMurdo South_Pole Syowa',
  Arctic: 'Longyearbyen',
  Asia:
    'Aden Ashkhabad Bahrain Brunei Calcutta Choibalsan Chongqing Chungking Dacca Harbin Ho_Chi_Minh ' +
    'Istanbul Kashgar Kathmandu Katmandu Kolkata Kuala_Lumpur Kuwait Macao Muscat Phnom_Penh ' +
    'Rangoon Saigon Tel_Aviv Thimbu Ujung_Pandang Ulan_Bator Vientiane Yangon',
  Atlantic: 'Faeroe Faroe Jan_Mayen Reykjavik St_Helena',
  Australia: 'ACT Canberra Currie LHI NSW North Queensland South Tasmania Victoria West Yancowinna',
  Brazil: 'Acre DeNoronha East West',
  Canada: 'Atlantic Central Eastern Mountain Newfoundland Pacific Saskatchewan Yukon',
  Chile: 'Continental EasterIsland',
  Etc:
    'GMT GMT+0 GMT+1 GMT+10 GMT+11 GMT+12 GMT+2 GMT+3 GMT+4 GMT+5 GMT+6 GMT+7 GMT+8 GMT+9 GMT-0 ' +
    'GMT-1 GMT-10 GMT-11 GMT-12 GMT-13 GMT-14 GMT-2 GMT-3 GMT-4 GMT-5 GMT-6 GMT-7 GMT-8 GMT-9 GMT0 ' +
    'Greenwich UCT UTC Universal Zulu',
  Europe:
    'Amsterdam Belfast Bratislava Busingen Copenhagen Guernsey Isle_of_Man Jersey Kiev Kyiv ' +
    'Ljubljana Luxembourg Mariehamn Monaco Nicosia Oslo Podgorica San_Marino Sarajevo Skopje ' +
    'Stockholm Tiraspol Uzhgorod Vaduz Vatican Zagreb Zaporozhye',
  Indian: 'Antananarivo Christmas Cocos Comoro Kerguelen Mahe Mayotte Reunion',
  Mexico: 'BajaNorte BajaSur General',
  Pacific:
    'Chuuk Enderbury Funafuti Johnston Kanton Majuro Midway Pohnpei Ponape Saipan Samoa Truk Wake ' +
    'Wallis Yap',
  US:
    'Alaska Aleutian Arizona Central East-Indiana Eastern Hawaii Indiana-Starke Michigan Mountain ' +
    'Pacific Samoa',
}

const named = new Set([
  'UTC',
  'GMT',
  ...Intl.supportedValuesOf('timeZone').filter((name) => name.includes('/')),
  ...Object.entries(unlisted).flatMap(([area, places]) =>
    places.split(' ').map((place) => `${area}/${place}`),
  ),
])
const known = new Map<string, boolean>()

/**
 * Returns whether a value names a time zone of the IANA database, by area and place and as that spells it; of the names without an area UTC
 * and GMT alone. Offsets such as +01:00 are no names: they know no daylight saving time.
 */
export function isTimeZone(value: unknown): value is string {
  if (typeof value !== 'string' || !named.has(value)) return false
  const before = known.get(value)
  if (before !== undefined) return before
  const computable = isComputable(value)
  known.set(value, computable)
  return computable
}

/** The database may know more than the runtime. */
function isComputable(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
