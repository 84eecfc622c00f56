// How each strategy looks in every chart: a colour, a dash and a letter, so that no two are told
// apart by the colour alone. The letters A to D are those of the argument.

export interface StrategyLook {
  letter: string;
  /** A token of tokens.css without its dashes. */
  colour: string;
  /** Lengths of dash and gap in pixels; empty for a whole line. */
  dash: readonly number[];
}

const looks: Readonly<Record<string, StrategyLook>> = {
  'busy-extents': { letter: 'A', colour: 'strategy-a', dash: [] },
  'wait-for-refs': { letter: 'B', colour: 'strategy-b', dash: [10, 4] },
  'detach-and-wait': { letter: 'C', colour: 'strategy-c', dash: [8, 3, 2, 3] },
  'break-layouts': { letter: 'D', colour: 'strategy-d', dash: [] },
  'break-layouts classic': { letter: 'Dc', colour: 'strategy-d', dash: [] },
  'break-layouts modern': { letter: 'Dm', colour: 'strategy-dm', dash: [6, 3] },
  'break-layouts fixed': { letter: 'Df', colour: 'strategy-df', dash: [2, 3] },
  'break-layouts range': { letter: 'Dr', colour: 'strategy-dr', dash: [12, 3, 2, 3, 2, 3] },
  refuse: { letter: 'R', colour: 'strategy-r', dash: [4, 4] },
  none: { letter: 'N', colour: 'strategy-n', dash: [1, 3] },
};

export const lookOf = (strategy: string): StrategyLook =>
  looks[strategy] ?? { letter: '?', colour: 'text', dash: [] };
