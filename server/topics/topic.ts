/** What a subscriber may narrow a topic down by. A value is a reference (`Organization/id`) or a code. */
const topicFilters = ['organization', 'department', 'staff-group', 'role', 'practitioner'] as const;
export type TopicFilter = (typeof topicFilters)[number];

interface TopicDefinition {
  /** Type of the resource that an event points to; null: none. */
  readonly focus: 'PractitionerRole' | 'Practitioner' | 'Organization' | 'Basic' | null;
  readonly filters: readonly TopicFilter[];
}

const ofRole: TopicDefinition = { focus: 'PractitionerRole', filters: topicFilters };
const ofPerson: TopicDefinition = { focus: 'Practitioner', filters: topicFilters };
const ofFile: TopicDefinition = { focus: null, filters: [] };

/** The fifteen topics (meaning.md, Events); what each says stands in `conformance/topics/`. */
export const topics = {
  'starter-created': ofRole,
  'starter-amended': ofRole,
  'starter-withdrawn': ofRole,
  'starter-effective': ofRole,
  'leaver-confirmed': ofRole,
  'leaver-amended': ofRole,
  'leaver-withdrawn': ofRole,
  'leaver-effective': ofRole,
  'position-updated': { focus: 'Basic', filters: ['department', 'staff-group', 'role'] },
  'assignment-changed': ofRole,
  'person-changed': ofPerson,
  'registration-changed': ofPerson,
  'organization-changed': { focus: 'Organization', filters: ['organization', 'department'] },
  'file-ingested': ofFile,
  'exception-raised': ofFile,
} as const satisfies Readonly<Record<string, TopicDefinition>>;

export type Topic = keyof typeof topics;
