/** What whoever runs the installation may ask of IAM, beside AWS's API: accounts, signing in as somebody, and why. */
export { type Account, createAccount, listAccounts, type NewAccount } from './accounts.ts';
export { type Explanation, explain, type Question } from './explain.ts';
export { type SignIn, signIn } from './sign-in.ts';
