/** A workload that comes with the lab. Its name and a paragraph about it are in the text. */
export interface Preset {
  title: string;
  /** Where the case comes from, and which of its numbers are assumptions. */
  source: string;
  /** The document, in YAML. */
  text: string;
}
