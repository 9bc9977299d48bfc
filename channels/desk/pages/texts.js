/** Every text of the desk's pages, by language: those of the list, of a case, of its dialogs and of the board. */

import { TEXTS as BOARD } from "./board-texts.js";
import { TEXTS as CASE } from "./case-texts.js";
import { TEXTS as DIALOGS } from "./dialog-texts.js";
import { TEXTS as LIST } from "./list-texts.js";

export const TEXTS = Object.fromEntries(Object.keys(LIST).map((code) => [code, { ...LIST[code], ...CASE[code], ...DIALOGS[code], ...BOARD[code] }]));
