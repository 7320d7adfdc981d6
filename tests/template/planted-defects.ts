import { access } from './planted/access.ts';
import { background } from './planted/background.ts';
import type { PlantedDefect } from './planted/defect.ts';
import { entrance } from './planted/entrance.ts';
import { listenerRules } from './planted/listener-rules.ts';
import { storage } from './planted/storage.ts';

/** Every mistake that a check has to find. */
export const planted: readonly PlantedDefect[] = [
  ...listenerRules,
  ...access,
  ...storage,
  ...entrance,
  ...background,
];
