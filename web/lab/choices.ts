// What a person has chosen to see of a result: the page keeps it in its address, a report nowhere.

export interface Choices {
  /** null if nothing was chosen. */
  read(name: ChoiceName): string | null;
  write(name: ChoiceName, value: string | null): void;
}

export type ChoiceName = 'at' | 'op' | 'figure' | 'without';
