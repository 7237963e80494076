/* SPDX-License-Identifier: MIT */
/* The server's pages for signing in work without this; with it they are
 * quicker to use. What they say comes from the server, in its language. */
import '../app/tokens.css';
import '../app/base.css';
import './signin.css';
import { startTheme } from '../app/theme';
import { helpForms } from './helpForms';

startTheme();
helpForms(document);
