import { render } from 'preact'
import { Reference } from './pages/reference.tsx'

const place = document.getElementById('reference')
if (place) render(<Reference />, place)
